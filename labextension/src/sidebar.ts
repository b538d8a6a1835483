import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import {
  CommandToolbarButton,
  PanelWithToolbar,
  ReactWidget,
  SidePanel
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { type ISignal, Signal } from '@lumino/signaling';
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
const [SMALL, LARGE] = [4, 6];
const RELATIVE_SIZES = [SMALL, LARGE, 0, 0, 0, 0];

/** The sidebar: modules, tests, written answers, package, submission, milestones. */
export class TinyTorchSidebar extends SidePanel {
  constructor(options: {
    app: ITinyTorch;
    commands: CommandRegistry;
    rendermime: IRenderMimeRegistry;
    translator: ITranslator;
  }) {
    super({ translator: options.translator });
    this._app = options.app;
    this._commands = options.commands;
    this._rendermime = options.rendermime;
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
    this.unfolded = UNFOLDED;
    this._folding?.setRelativeSizes(RELATIVE_SIZES);
    this._folding?.expansionToggled.connect(this._onToggled, this);
    this.node.addEventListener('focusin', event => {
      this._focused = event.target as HTMLElement;
    });
  }

  /** Make sure that a section is not folded away. */
  unfold(name: SectionName): void {
    this._folding?.expand(ORDER.indexOf(name));
  }

  /** Take the keyboard focus, back to where it was last; from inside a section, go to its header. */
  focus(): void {
    const { titles = [], widgets = [] } = this._folding ?? {};
    const active = document.activeElement;
    const inside = widgets.findIndex(({ node }) => node.contains(active));
    const last = this._focused?.offsetParent ? this._focused : titles[0];
    (inside < 0 ? last : titles[inside])?.focus();
  }

  /** Emitted when a section was folded or unfolded. */
  get foldingChanged(): ISignal<this, void> {
    return this._foldingChanged;
  }

  /** Which sections are not folded away. */
  get unfolded(): SectionName[] {
    const widgets = this._folding?.widgets ?? [];
    return ORDER.filter((_, place) => widgets[place]?.isHidden === false);
  }

  set unfolded(names: readonly SectionName[]) {
    ORDER.forEach((name, place) => {
      if (names.includes(name)) {
        this._folding?.expand(place);
      } else {
        this._folding?.collapse(place);
      }
    });
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

  /** Give a section that was just unfolded the most room. */
  private _onToggled(accordion: AccordionPanel, place: number): void {
    if (!accordion.widgets[place]?.isHidden) {
      accordion.setRelativeSizes(
        accordion.widgets.map(({ isHidden }, index) =>
          isHidden ? 0 : index === place ? LARGE : SMALL
        )
      );
    }
    this._foldingChanged.emit();
  }

  private async _fill(): Promise<void> {
    this._filling ??= import('./sections');
    const { createSections } = await this._filling;
    if (this._filled || this.isDisposed) {
      return;
    }
    this._filled = true;
    const sections = createSections(
      this._app,
      this._commands,
      this._rendermime,
      this.trans
    );
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
  private readonly _rendermime: IRenderMimeRegistry;
  private readonly trans: TranslationBundle;
  private readonly _titles: Record<SectionName, string>;
  private readonly _foldingChanged = new Signal<this, void>(this);
  private readonly _panels = new Map<SectionName, PanelWithToolbar>();
  private _filling: Promise<typeof import('./sections')> | null = null;
  private _filled = false;
  private _focused: HTMLElement | null = null;
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
