import React, { useState } from 'react';

import type { ModuleColumn } from '../../api/courseTypes';
import { confirm } from '../../components/confirm';
import { Loaded } from '../components/Loaded';
import { Scroll } from '../components/Scroll';
import type { IPageProps } from '../GradingView';
import { fullName } from '../names';
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
  const change = (request: () => Promise<void>): Promise<boolean> =>
    model.modules.attempt(async () => {
      await request();
      await model.modules.load();
    });
  const { title } = module;
  const takeBack = async (): Promise<void> => {
    const isSure = await confirm({
      title: trans.__('Take %1 back?', title),
      body: trans.__(
        'Students can no longer fetch the module or hand it in until it is released again. What was handed in stays, with its marks.'
      ),
      action: trans.__('Take back')
    });
    if (isSure) {
      await change(() => model.api.unrelease(module.module));
    }
  };
  return (
    <tr>
      <th scope="row">{fullName(module.module, title)}</th>
      <td>
        {moment(module.released_at)}{' '}
        {module.released_at !== null && (
          <button
            type="button"
            className="jp-TinyTorch-button"
            aria-label={trans.__('Take %1 back from students', title)}
            onClick={() => void takeBack()}
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
            void change(() => model.api.setDue(module.module, fromField(due)));
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
