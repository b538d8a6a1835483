import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';
import { DockPanel } from '@lumino/widgets';

import type { ModuleEntry } from '../api/types';
import type { ModulesModel } from '../modules/model';
import type { SharedNotebook } from './cells';
import { revealCell } from './reveal';
import { SaveWatch, untilClean } from './saves';

/** Unless it is told otherwise, the server writes a shared document a second after the last change. */
const SERVER_SAVES_MS = 3000;

/** The module notebooks that are open in this page, and which module is the current one. */
export class Notebooks implements IDisposable {
  constructor(options: Notebooks.IOptions) {
    this._documents = options.documents;
    this._tracker = options.tracker;
    this._modules = options.modules;
    this._trans = options.trans;
    options.contents.fileChanged.connect(this._onFileChanged, this);
    this._refresh = new Debouncer(() => this._modules.refresh(), 500);
    this._modules.changed.connect(this._update, this);
    this._tracker?.currentChanged.connect(this._update, this);
    this._tracker?.widgetAdded.connect(this._follow, this);
    this._tracker?.forEach(panel => {
      this._follow(this._tracker, panel);
    });
  }

  /** Emitted when another module became the current one, or its notebook was opened, closed or moved. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The module whose notebook is, or was last, the current widget. */
  get current(): ModuleEntry | undefined {
    return this._current === null
      ? undefined
      : this._modules.find(this._current);
  }

  /** The open notebook of the current module, or null. */
  get panel(): NotebookPanel | null {
    return this._panel;
  }

  /** Emitted with the name of a module whose notebook has just been saved. */
  get saved(): ISignal<this, string> {
    return this._saved;
  }

  /** The open notebook of the module called `name`, or null. */
  panelOf(name: string): NotebookPanel | null {
    const path = this._modules.find(name)?.path;
    return path ? this._find(path) : null;
  }

  get isDisposed(): boolean {
    return this._refresh.isDisposed;
  }

  dispose(): void {
    this._refresh.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  /** Show the notebook at `path`, opening it when needed. */
  async open(path: string): Promise<NotebookPanel | null> {
    this._documents.openOrReveal(path);
    const panel = this._find(path);
    await panel?.context.ready;
    return panel;
  }

  /** What saves an open notebook. */
  savesOf({ context }: Pick<NotebookPanel, 'context'>): SaveWatch {
    const saves =
      this._saves.get(context) ?? new SaveWatch(context, this._trans);
    this._saves.set(context, saves);
    return saves;
  }

  /** Write to disk what stands in the module's notebook now, if it is open and may be written. */
  async save(module: string): Promise<void> {
    const panel = this.panelOf(module);
    if (panel?.context.model.collaborative) {
      await untilClean(panel.context.model, SERVER_SAVES_MS);
    }
    await (panel && this.savesOf(panel).save());
  }

  /** Read the module's notebook again if it is open. */
  async revert(module: string): Promise<void> {
    const panel = this.panelOf(module);
    await (panel && this.savesOf(panel).revert());
  }

  /** Bring a cell of the module's notebook into view, leaving the keyboard focus where it is. */
  async reveal(
    module: string,
    locate: (notebook: SharedNotebook) => number
  ): Promise<void> {
    const path = this._modules.find(module)?.path;
    if (!path) {
      return;
    }
    const panel = this._find(path) ?? this._openBehind(path);
    await panel?.context.ready;
    const shared = panel?.content.model?.sharedModel;
    if (!panel || !shared) {
      return;
    }
    // Activating the tab would move the focus; selecting it only shows it.
    if (panel.parent instanceof DockPanel) {
      panel.parent.selectWidget(panel);
    }
    await panel.revealed;
    revealCell(panel, locate(shared));
  }

  private _openBehind(path: string): NotebookPanel | null {
    this._documents.open(path, 'default', undefined, { activate: false });
    return this._find(path);
  }

  private _find(path: string): NotebookPanel | null {
    return (
      this._tracker?.find(
        panel => !panel.isDisposed && panel.context.localPath === path
      ) ?? null
    );
  }

  private _follow(_: unknown, panel: NotebookPanel): void {
    this.savesOf(panel);
    panel.context.pathChanged.connect(this._update, this);
    panel.context.saveState.connect(this._onSaveState, this);
    panel.disposed.connect(this._update, this);
    this._update();
  }

  private _onSaveState(
    context: DocumentRegistry.Context,
    state: DocumentRegistry.SaveState
  ): void {
    const module = this._modules.findByPath(context.localPath);
    if (state === 'completed' && module) {
      void this._refresh.invoke();
      this._saved.emit(module.name);
    }
  }

  private _onFileChanged(_: unknown, change: Contents.IChangedArgs): void {
    const paths = [change.oldValue?.path, change.newValue?.path];
    const concerned = this._modules.overview?.modules.some(({ name, path }) =>
      paths.some(
        changed => changed && (changed === path || changed.includes(name))
      )
    );
    if (concerned && change.type !== 'save') {
      void this._refresh.invoke();
    }
  }

  private _update(): void {
    const widget = this._tracker?.currentWidget;
    const shown =
      widget && !widget.isDisposed
        ? this._modules.findByPath(widget.context.localPath)
        : undefined;
    const current = shown?.name ?? this._current;
    const path =
      current === null ? null : (this._modules.find(current)?.path ?? null);
    const panel = path ? this._find(path) : null;
    if (
      current !== this._current ||
      panel !== this._panel ||
      path !== this._path
    ) {
      this._current = current;
      this._panel = panel;
      this._path = path;
      this._changed.emit();
    }
  }

  private readonly _documents: IDocumentManager;
  private readonly _tracker: INotebookTracker | null;
  private readonly _modules: ModulesModel;
  private readonly _trans: TranslationBundle;
  private readonly _refresh: Debouncer;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _saves = new WeakMap<NotebookPanel['context'], SaveWatch>();
  private readonly _saved = new Signal<this, string>(this);
  private _current: string | null = null;
  private _path: string | null = null;
  private _panel: NotebookPanel | null = null;
}

/** What the class is made from. */
export namespace Notebooks {
  /** The parts of the application that open and show notebooks; `tracker` is null on pages without notebooks. */
  export interface IOptions {
    contents: Pick<Contents.IManager, 'fileChanged'>;
    documents: IDocumentManager;
    tracker: INotebookTracker | null;
    modules: ModulesModel;
    trans: TranslationBundle;
  }
}
