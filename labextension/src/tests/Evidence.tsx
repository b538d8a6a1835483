import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Evidence } from '../api/types';

/** Both sides of a mismatch, one under the other, so that nothing has to be scrolled sideways. */
export function EvidenceTable(props: {
  evidence: Evidence;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { evidence, trans } = props;
  const rows: [string, string | null | undefined, boolean][] = [
    [trans.__('Expected shape'), evidence.expected_shape, true],
    [trans.__('Your shape'), evidence.actual_shape, true],
    [trans.__('Expected'), evidence.expected, true],
    [trans.__('Yours'), evidence.actual, true],
    [trans.__('Differ'), differLabel(evidence, trans), false]
  ];
  return (
    <dl className="jp-TinyTorch-evidence">
      {rows.map(
        ([label, value, isCode]) =>
          value && (
            <React.Fragment key={label}>
              <dt>{label}</dt>
              <dd>
                {isCode ? (
                  <code className="jp-TinyTorch-code">{value}</code>
                ) : (
                  value
                )}
              </dd>
            </React.Fragment>
          )
      )}
    </dl>
  );
}

function differLabel(
  evidence: Evidence,
  trans: TranslationBundle
): string | null {
  const { difference, elements, wrong } = evidence;
  if (wrong === null || wrong === undefined) {
    return null;
  }
  return difference
    ? trans.__(
        '%1 of %2 elements, by %3 at most',
        wrong,
        elements ?? wrong,
        difference
      )
    : trans.__('%1 of %2 elements', wrong, elements ?? wrong);
}
