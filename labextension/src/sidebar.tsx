import type { ITranslator } from '@jupyterlab/translation';
import {
  CommandToolbarButton,
  PanelWithToolbar,
  ReactWidget,
  SidePanel
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { AccordionPanel } from '@lumino/widgets';
import React from 'react';

import { CommandIDs } from './commands';
import { torchIcon } from './icons';
import { MilestonesView } from './milestones/MilestonesView';
import { ModulesView } from './modules/ModulesView';
import { TestsView } from './tests/TestsView';
import { ThinkingView } from './thinking/ThinkingView';
import { type ITinyTorch, TRANSLATION_DOMAIN } from './tokens';

const TESTS_INDEX = 1;
const THINKING_INDEX = 2;
const MILESTONES_INDEX = 3;
const RELATIVE_SIZES = [4, 5, 0, 0];

/** The sidebar: modules, tests, written answers, milestones. */
export class TinyTorchSidebar extends SidePanel {
  constructor(options: {
    app: ITinyTorch;
    commands: CommandRegistry;
    translator: ITranslator;
  }) {
    super({ translator: options.translator });
    const { app, commands } = options;
    const { milestones, modules, notebooks, tests, thinking } = app;
    const trans = options.translator.load(TRANSLATION_DOMAIN);
    this.id = 'tinytorch-lab-sidebar';
    this.addClass('jp-TinyTorch');
    this.title.icon = torchIcon;
    this.title.caption = trans.__('TinyTorch');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('TinyTorch'));

    const course = section(
      trans.__('Modules'),
      <ModulesView {...{ notebooks, commands, trans }} model={modules} />
    );
    for (const id of [CommandIDs.refresh, CommandIDs.exportAll]) {
      course.toolbar.addItem(
        id,
        new CommandToolbarButton({ commands, id, label: '' })
      );
    }
    this.addWidget(course);
    this.addWidget(
      section(
        trans.__('Tests'),
        <TestsView {...{ notebooks, commands, trans }} model={tests} />
      )
    );
    this.addWidget(
      section(
        trans.__('ML Systems Thinking'),
        <ThinkingView
          {...{ modules, notebooks, commands, trans }}
          model={thinking}
        />
      )
    );
    this.addWidget(
      section(
        trans.__('Milestones'),
        <MilestonesView {...{ modules, commands, trans }} model={milestones} />
      )
    );
    this._accordion?.collapse(THINKING_INDEX);
    this._accordion?.collapse(MILESTONES_INDEX);
    this._accordion?.setRelativeSizes(RELATIVE_SIZES);
  }

  /** Make sure the section with the tests is not folded away. */
  showTests(): void {
    this._accordion?.expand(TESTS_INDEX);
  }

  /** Make sure the section with the milestones is not folded away. */
  showMilestones(): void {
    this._accordion?.expand(MILESTONES_INDEX);
  }

  private get _accordion(): AccordionPanel | null {
    return this.content instanceof AccordionPanel ? this.content : null;
  }
}

function section(label: string, content: React.JSX.Element): PanelWithToolbar {
  const panel = new PanelWithToolbar();
  panel.title.label = label;
  panel.addClass('jp-TinyTorch-panel');
  const body = ReactWidget.create(content);
  body.addClass('jp-TinyTorch-body');
  panel.addWidget(body);
  return panel;
}
