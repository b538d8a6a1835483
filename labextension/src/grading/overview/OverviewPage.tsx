import React, { useMemo, useState } from 'react';

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
  useReload(model.jobs, overview);
  if (student !== null) {
    return (
      <StudentView
        model={model}
        student={student}
        onClose={() => {
          setStudent(null);
        }}
        trans={trans}
      />
    );
  }
  return (
    <Loaded of={overview} trans={trans}>
      {found => (
        <>
          <ModuleTable
            model={model}
            modules={found.modules}
            students={found.students.length}
            trans={trans}
          />
          <ClassGrid overview={found} onStudent={setStudent} trans={trans} />
          <StatisticsSection model={model} trans={trans} />
          <AttentionSection
            model={model}
            onStudent={setStudent}
            trans={trans}
          />
        </>
      )}
    </Loaded>
  );
}
