import { useEffect } from 'react';

import type { Loadable } from '../loadable';
import type { JobsModel } from './model';

/** Ask for `loadable` again whenever a job has come to its end. */
export function useReload<T>(
  jobs: JobsModel,
  loadable: Loadable<T> | null
): void {
  useEffect(() => {
    const reload = (): void => void loadable?.load();
    jobs.finished.connect(reload);
    return () => {
      jobs.finished.disconnect(reload);
    };
  }, [jobs, loadable]);
}
