import React, { useMemo, useState } from 'react';

import type { AuditEntry } from '../../api/courseTypes';
import { Loaded } from '../components/Loaded';
import { Scroll } from '../components/Scroll';
import type { IPageProps } from '../GradingView';
import { Loadable } from '../loadable';
import { moment } from '../overview/labels';

/** Who changed what, the latest first. */
export function AuditPage({ model, trans }: IPageProps): React.JSX.Element {
  const [before, setBefore] = useState<number | undefined>(undefined);
  const entries = useMemo(
    () => new Loadable(() => model.api.audit(before)),
    [before, model]
  );
  return (
    <>
      <h2>{trans.__('Who changed what')}</h2>
      <Loaded of={entries} trans={trans}>
        {found => (
          <>
            <Scroll label={trans.__('Changes')}>
              <table className="jp-TinyTorch-table">
                <thead>
                  <tr>
                    <th scope="col">{trans.__('When')}</th>
                    <th scope="col">{trans.__('Who')}</th>
                    <th scope="col">{trans.__('What')}</th>
                    <th scope="col">{trans.__('Module')}</th>
                    <th scope="col">{trans.__('Student')}</th>
                    <th scope="col">{trans.__('Details')}</th>
                  </tr>
                </thead>
                <tbody>
                  {found.map(entry => (
                    <tr key={entry.id}>
                      <td>{moment(entry.at)}</td>
                      <td>{entry.actor}</td>
                      <td>{entry.action}</td>
                      <td>{entry.module}</td>
                      <td>{entry.student}</td>
                      <td className="jp-TinyTorch-wrapped">{details(entry)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
            <div className="jp-TinyTorch-buttons">
              {before !== undefined && (
                <button
                  type="button"
                  className="jp-TinyTorch-button"
                  onClick={() => {
                    setBefore(undefined);
                  }}
                >
                  {trans.__('Latest')}
                </button>
              )}
              {found.length > 0 && (
                <button
                  type="button"
                  className="jp-TinyTorch-button"
                  onClick={() => {
                    setBefore(found.at(-1)?.id);
                  }}
                >
                  {trans.__('Earlier')}
                </button>
              )}
            </div>
          </>
        )}
      </Loaded>
    </>
  );
}

function details(entry: AuditEntry): string {
  return Object.entries(entry.details)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(', ');
}
