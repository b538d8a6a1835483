import React, { useMemo } from 'react';

import { Loaded } from '../components/Loaded';
import type { IPageProps } from '../GradingView';
import { Loadable } from '../loadable';
import { DueDates } from './DueDates';
import { Extensions } from './Extensions';
import { LatePolicyForm } from './LatePolicyForm';
import { Roster } from './Roster';

/** What is due when, for whom otherwise, what lateness costs, and who is in the class. */
export function TermsPage({ model, trans }: IPageProps): React.JSX.Element {
  const late = useMemo(
    () => new Loadable(() => model.api.latePolicy()),
    [model]
  );
  return (
    <>
      <DueDates model={model} trans={trans} />
      <Extensions model={model} trans={trans} />
      <section>
        <h2>{trans.__('What lateness costs')}</h2>
        <Loaded of={late} trans={trans}>
          {terms => (
            <LatePolicyForm
              terms={terms}
              onSet={policy =>
                late.attempt(async () => {
                  late.take(await model.api.setLatePolicy(policy));
                })
              }
              trans={trans}
            />
          )}
        </Loaded>
      </section>
      <Roster model={model} trans={trans} />
    </>
  );
}
