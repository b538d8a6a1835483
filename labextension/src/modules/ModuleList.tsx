import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { CourseOverview } from '../api/types';
import { moduleLabel } from './labels';
import type { ModulesModel } from './model';
import { ModuleItem } from './ModuleItem';

/** What the list of modules is made from. */
export interface IModuleListProps {
  model: ModulesModel;
  overview: CourseOverview;
  /** The name of the current module, if there is one. */
  current: string | undefined;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The modules by phase; the arrow keys move between them, Tab reaches one at a time. */
export function ModuleList(props: IModuleListProps): React.JSX.Element {
  const { overview, trans } = props;
  const names = overview.modules.map(entry => entry.name);
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
  return (
    // The arrow keys only move the focus between buttons, which need no keys of their own.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div ref={list} onKeyDown={onKeyDown} onFocus={onFocus}>
      {overview.phases.map(phase => (
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
            {overview.modules
              .filter(entry => entry.phase === phase.number)
              .map(entry => (
                <ModuleItem
                  key={entry.name}
                  entry={entry}
                  prerequisites={entry.prerequisites.map(name =>
                    prerequisiteTitle(overview, name)
                  )}
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

function prerequisiteTitle(overview: CourseOverview, name: string): string {
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
