import React, { useEffect, useMemo, useRef, useState } from 'react';

import { Loaded } from '../components/Loaded';
import type { IPageProps } from '../GradingView';
import { useReload } from '../jobs/useReload';
import { Loadable } from '../loadable';
import { AttentionSection } from './AttentionSection';
import { ClassGrid } from './ClassGrid';
import { ModuleTable } from './ModuleTable';
import { StatisticsSection } from './StatisticsSection';
import { StudentView } from './StudentView';

/** The class at a glance: the modules with their next step, the grid of students, and whom to look at. */
export function OverviewPage({ model, trans }: IPageProps): React.JSX.Element {
  const overview = useMemo(
    () => new Loadable(() => model.api.overview()),
    [model]
  );
  const [student, setStudent] = useState<string | null>(null);
  const opener = useRef<HTMLElement | null>(null);
  const show = (chosen: string, from: HTMLElement): void => {
    opener.current = from;
    setStudent(chosen);
  };
  useEffect(() => {
    if (student === null) {
      opener.current?.focus();
    }
  }, [student]);
  useReload(model.jobs, overview);
  return (
    <>
      {student !== null && (
        <StudentView
          model={model}
          student={student}
          onClose={() => {
            setStudent(null);
          }}
          trans={trans}
        />
      )}
      {/* Hidden it keeps what is filtered and sorted, and where it was scrolled to. */}
      <div hidden={student !== null}>
        <Loaded of={overview} trans={trans}>
          {found => (
            <>
              <ModuleTable
                model={model}
                modules={found.modules}
                students={found.students.length}
                trans={trans}
              />
              <ClassGrid overview={found} onStudent={show} trans={trans} />
              <StatisticsSection model={model} trans={trans} />
              <AttentionSection model={model} onStudent={show} trans={trans} />
            </>
          )}
        </Loaded>
      </div>
    </>
  );
}
