import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import '../style/sections.css';

import { MilestonesView } from './milestones/MilestonesView';
import { ModulesView } from './modules/ModulesView';
import { PackageView } from './package/PackageView';
import { SubmissionView } from './submission/SubmissionView';
import { TestsView } from './tests/TestsView';
import { ThinkingView } from './thinking/ThinkingView';
import type { ITinyTorch } from './tokens';
import { Tour } from './tour';

/** What the sections of the sidebar show, by section. */
export type Sections = Record<
  'modules' | 'tests' | 'thinking' | 'package' | 'submission' | 'milestones',
  React.JSX.Element
>;

/** Make the views; this file is loaded when the sidebar is first shown, so that JupyterLab starts without it. */
export function createSections(
  app: ITinyTorch,
  commands: CommandRegistry,
  rendermime: IRenderMimeRegistry,
  trans: TranslationBundle
): Sections {
  const { modules, notebooks, submissions, tests } = app;
  const common = { commands, modules, notebooks, trans };
  return {
    modules: (
      <>
        <Tour settings={app.settings} trans={trans} />
        <ModulesView {...common} model={modules} submissions={submissions} />
      </>
    ),
    tests: <TestsView {...common} model={tests} staleness={app.staleness} />,
    thinking: <ThinkingView {...common} model={app.thinking} tests={tests} />,
    package: <PackageView {...common} model={app.package} />,
    submission: (
      <SubmissionView {...common} model={submissions} rendermime={rendermime} />
    ),
    milestones: <MilestonesView {...common} model={app.milestones} />
  };
}
