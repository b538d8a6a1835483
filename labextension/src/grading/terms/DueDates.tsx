import React, { useState } from 'react';

import type { ModuleColumn } from '../../api/courseTypes';
import { Loaded } from '../components/Loaded';
import { Scroll } from '../components/Scroll';
import type { IPageProps } from '../GradingView';
import { moment } from '../overview/labels';
import { fromField, toField } from './dates';

/** When each module is due, and taking one back from students. */
export function DueDates(props: IPageProps): React.JSX.Element {
  const { model, trans } = props;
  return (
    <section>
      <h2>{trans.__('Due dates')}</h2>
      <Loaded of={model.modules} trans={trans}>
        {({ modules }) => (
          <Scroll label={trans.__('Due dates')}>
            <table className="jp-TinyTorch-table">
              <thead>
                <tr>
                  <th scope="col">{trans.__('Module')}</th>
                  <th scope="col">{trans.__('Released')}</th>
                  <th scope="col">{trans.__('Due')}</th>
                </tr>
              </thead>
              <tbody>
                {modules.map(module => (
                  <DueDate
                    key={`${module.module} ${module.due_at}`}
                    {...props}
                    module={module}
                  />
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </Loaded>
    </section>
  );
}

function DueDate(
  props: IPageProps & { module: ModuleColumn }
): React.JSX.Element {
  const { model, module, trans } = props;
  const standing = toField(module.due_at);
  const [due, setDue] = useState(standing);
  const change = (request: () => Promise<void>): void =>
    void model.modules.attempt(async () => {
      await request();
      await model.modules.load();
    });
  const { title } = module;
  return (
    <tr>
      <th scope="row">
        {module.module.slice(0, 2)} {title}
      </th>
      <td>
        {moment(module.released_at)}{' '}
        {module.released_at !== null && (
          <button
            type="button"
            className="jp-TinyTorch-button"
            aria-label={trans.__('Take %1 back from students', title)}
            onClick={() => {
              change(() => model.api.unrelease(module.module));
            }}
          >
            {trans.__('Take back')}
          </button>
        )}
      </td>
      <td>
        <form
          className="jp-TinyTorch-form"
          onSubmit={event => {
            event.preventDefault();
            change(() => model.api.setDue(module.module, fromField(due)));
          }}
        >
          <input
            type="datetime-local"
            aria-label={trans.__('%1 is due', title)}
            value={due}
            onChange={event => {
              setDue(event.target.value);
            }}
          />
          {due !== standing && (
            <button type="submit" className="jp-TinyTorch-button">
              {trans.__('Set')}
            </button>
          )}
        </form>
      </td>
    </tr>
  );
}
