import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { formatDate } from '../units';
import type { SubmissionsModel } from './model';

/** Of when dates and submissions are, while the course is away and they may have changed. */
export function AsOf(props: {
  submissions: Pick<SubmissionsModel, 'assignments'>;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { submissions, trans } = props;
  const { as_of = null, connected } = submissions.assignments ?? {};
  return as_of === null || connected ? null : (
    <p className="jp-TinyTorch-hint">
      {trans.__(
        'The course cannot be reached: dates and submissions are as of %1.',
        formatDate(as_of)
      )}
    </p>
  );
}
