import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { CourseOverview, ModuleEntry } from '../api/types';
import { useNow } from '../components/useNow';
import type { SubmissionsModel } from '../submission/model';
import { moduleLabel } from './title';
import type { ModulesModel } from './model';
import { ModuleItem } from './ModuleItem';

/** What the list of modules is made from. */
export interface IModuleListProps {
  model: ModulesModel;
  submissions: Pick<SubmissionsModel, 'find'>;
  overview: CourseOverview;
  /** What is searched for. */
  query: string;
  /** The name of the current module, if there is one. */
  current: string | undefined;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The modules by phase; the arrow keys move between them, Tab reaches one at a time. */
export function ModuleList(props: IModuleListProps): React.JSX.Element {
  const { overview, trans } = props;
  const now = useNow();
  const found = overview.modules.filter(entry => matches(entry, props.query));
  const names = found.map(entry => entry.name);
  const titles = (modules: readonly string[]) =>
    modules.map(name => moduleTitle(overview, name));
  const [chosen, choose] = React.useState<string>();
  const reachable =
    [chosen, props.current].find(name => name && names.includes(name)) ??
    names[0];
  const list = React.useRef<HTMLDivElement>(null);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const target = (event.target as HTMLElement).dataset.module;
    const next = target && neighbour(names, target, event.key);
    if (!next) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    list.current
      ?.querySelector<HTMLElement>(`[data-module="${next}"]`)
      ?.focus();
  };
  const onFocus = (event: React.FocusEvent): void => {
    const name = (event.target as HTMLElement)
      .closest('.jp-TinyTorch-module')
      ?.querySelector<HTMLElement>('[data-module]')?.dataset.module;
    choose(name);
  };
  if (found.length === 0) {
    return (
      <p className="jp-TinyTorch-hint" role="status">
        {trans.__('No module is about “%1”.', props.query)}
      </p>
    );
  }
  const phases = overview.phases.filter(phase =>
    found.some(entry => entry.phase === phase.number)
  );
  return (
    // The arrow keys only move the focus between buttons, which need no keys of their own.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div ref={list} onKeyDown={onKeyDown} onFocus={onFocus}>
      {phases.map(phase => (
        <section
          key={phase.number}
          aria-labelledby={`jp-TinyTorch-phase-${phase.number}`}
        >
          <h3
            className="jp-TinyTorch-phase"
            id={`jp-TinyTorch-phase-${phase.number}`}
          >
            {trans.__('Phase %1: %2', phase.number, phase.title)}
          </h3>
          <ul className="jp-TinyTorch-modules">
            {found
              .filter(entry => entry.phase === phase.number)
              .map(entry => (
                <ModuleItem
                  key={entry.name}
                  entry={entry}
                  assignment={props.submissions.find(entry.name)}
                  recheck={titles(entry.recheck)}
                  now={now}
                  prerequisites={titles(entry.prerequisites)}
                  current={entry.name === props.current}
                  reachable={entry.name === reachable}
                  task={props.model.task(entry.name)}
                  commands={props.commands}
                  trans={trans}
                />
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

/** Whether the module is about what is searched for: every word in its name, title, summary or exports. */
function matches(entry: ModuleEntry, query: string): boolean {
  const { exports, name, summary, title } = entry;
  const text = [name, title, summary, ...exports].join(' ').toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word));
}

function moduleTitle(overview: CourseOverview, name: string): string {
  const entry = overview.modules.find(other => other.name === name);
  return entry ? moduleLabel(entry) : name;
}

function neighbour(
  names: readonly string[],
  from: string,
  key: string
): string | undefined {
  const index = names.indexOf(from);
  switch (key) {
    case 'ArrowDown':
      return names[index + 1];
    case 'ArrowUp':
      return names[index - 1];
    case 'Home':
      return names[0];
    case 'End':
      return names[names.length - 1];
    default:
      return undefined;
  }
}
