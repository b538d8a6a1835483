import { UseSignal } from '@jupyterlab/ui-components';
import React, { useEffect, useMemo } from 'react';

import { Notice } from '../../components/Notice';
import type { IPageProps } from '../GradingView';
import { Loadable } from '../loadable';
import { ClassGrid } from './ClassGrid';
import { ModuleTable } from './ModuleTable';

/** The class at a glance: the modules with their next step, and the grid of students. */
export function OverviewPage({ model, trans }: IPageProps): React.JSX.Element {
  const overview = useMemo(
    () => new Loadable(() => model.api.overview()),
    [model]
  );
  useEffect(() => {
    const reload = (): void => void overview.load();
    reload();
    model.jobs.finished.connect(reload);
    return () => {
      model.jobs.finished.disconnect(reload);
      overview.dispose();
    };
  }, [model, overview]);
  return (
    <UseSignal signal={overview.changed}>
      {() => (
        <>
          {overview.error && (
            <Notice
              message={overview.error.message}
              onRetry={() => void overview.load()}
              trans={trans}
            />
          )}
          {!overview.value && overview.isLoading && (
            <p className="jp-TinyTorch-hint" role="status">
              {trans.__('Loading the class…')}
            </p>
          )}
          {overview.value && (
            <>
              <ModuleTable
                model={model}
                modules={overview.value.modules}
                students={overview.value.students.length}
                trans={trans}
              />
              <ClassGrid overview={overview.value} trans={trans} />
            </>
          )}
        </>
      )}
    </UseSignal>
  );
}
