import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import {
  CommandToolbarButton,
  PanelWithToolbar,
  ReactWidget,
  SidePanel
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { AccordionPanel } from '@lumino/widgets';

import { CommandIDs } from './commands';
import { torchIcon } from './icons';
import type { Sections } from './sections';
import { type ITinyTorch, TRANSLATION_DOMAIN } from './tokens';

/** The sections below each other. */
const ORDER = [
  'modules',
  'tests',
  'thinking',
  'package',
  'submission',
  'milestones'
] as const;

/** The name of a section. */
export type SectionName = (typeof ORDER)[number];

const UNFOLDED: readonly SectionName[] = ['modules', 'tests'];
const RELATIVE_SIZES = [4, 5, 0, 0, 0, 0];

/** The sidebar: modules, tests, written answers, package, submission, milestones. */
export class TinyTorchSidebar extends SidePanel {
  constructor(options: {
    app: ITinyTorch;
    commands: CommandRegistry;
    translator: ITranslator;
  }) {
    super({ translator: options.translator });
    this._app = options.app;
    this._commands = options.commands;
    this.trans = options.translator.load(TRANSLATION_DOMAIN);
    this.id = 'tinytorch-lab-sidebar';
    this.addClass('jp-TinyTorch');
    this.title.icon = torchIcon;
    this.title.caption = this.trans.__('TinyTorch');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.trans.__('TinyTorch'));
    this._titles = sectionTitles(this.trans);
    for (const name of ORDER) {
      this.addWidget(this._panel(name));
    }
    ORDER.forEach((name, index) => {
      if (!UNFOLDED.includes(name)) {
        this._folding?.collapse(index);
      }
    });
    this._folding?.setRelativeSizes(RELATIVE_SIZES);
  }

  /** Make sure that a section is not folded away. */
  unfold(name: SectionName): void {
    this._folding?.expand(ORDER.indexOf(name));
  }

  protected override onBeforeShow(message: Message): void {
    super.onBeforeShow(message);
    void this._fill();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      void this._fill();
    }
  }

  private async _fill(): Promise<void> {
    this._filling ??= import('./sections');
    const { createSections } = await this._filling;
    if (this._filled || this.isDisposed) {
      return;
    }
    this._filled = true;
    const sections = createSections(this._app, this._commands, this.trans);
    const tour = ReactWidget.create(sections.tour);
    this.header.addWidget(tour);
    for (const name of ORDER) {
      this._show(name, sections);
    }
  }

  private _show(name: SectionName, sections: Sections): void {
    const body = ReactWidget.create(sections[name]);
    body.addClass('jp-TinyTorch-body');
    this._panels.get(name)?.addWidget(body);
  }

  private _panel(name: SectionName): PanelWithToolbar {
    const panel = new PanelWithToolbar();
    panel.title.label = this._titles[name];
    panel.addClass('jp-TinyTorch-panel');
    this._panels.set(name, panel);
    if (name === 'modules') {
      for (const id of [CommandIDs.refresh, CommandIDs.exportAll]) {
        const commands = this._commands;
        panel.toolbar.addItem(
          id,
          new CommandToolbarButton({ commands, id, label: '' })
        );
      }
    }
    return panel;
  }

  private get _folding(): AccordionPanel | null {
    return this.content instanceof AccordionPanel ? this.content : null;
  }

  private readonly _app: ITinyTorch;
  private readonly _commands: CommandRegistry;
  private readonly trans: TranslationBundle;
  private readonly _titles: Record<SectionName, string>;
  private readonly _panels = new Map<SectionName, PanelWithToolbar>();
  private _filling: Promise<typeof import('./sections')> | null = null;
  private _filled = false;
}

function sectionTitles(trans: TranslationBundle): Record<SectionName, string> {
  return {
    modules: trans.__('Modules'),
    tests: trans.__('Tests'),
    thinking: trans.__('ML Systems Thinking'),
    package: trans.__('Package'),
    submission: trans.__('Submission'),
    milestones: trans.__('Milestones')
  };
}
