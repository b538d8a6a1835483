import '../../style/badges.css';

import type { Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { PanelLayout } from '@lumino/widgets';

import type { TestRow } from '../api/types';
import { CommandIDs } from '../commands';
import { gradeId, isTest } from '../notebook/cells';
import type { ITinyTorch } from '../tokens';
import { shownRows } from '../tests/rows';
import { Badge } from './Badge';

/** Keeps a badge on every test cell of the open module notebooks: how its test ended, and ways to its row and to run it. */
export class Badges {
  constructor(
    private readonly _app: Pick<
      ITinyTorch,
      'notebooks' | 'settings' | 'staleness' | 'tests'
    >,
    private readonly _commands: CommandRegistry,
    private readonly _trans: TranslationBundle
  ) {
    const { notebooks, settings, staleness, tests } = _app;
    notebooks.changed.connect(this._onNotebookChanged, this);
    settings.changed.connect(this._updateCurrent, this);
    staleness.changed.connect(this._updateCurrent, this);
    tests.changed.connect((_, module) => {
      this._update(module);
    });
    this._onNotebookChanged();
  }

  private _onNotebookChanged(): void {
    const { current, panel } = this._app.notebooks;
    if (current && panel) {
      void this._app.tests.load(current.name);
      void panel.context.ready.then(() => {
        this._updateCurrent();
      });
    }
  }

  private _updateCurrent(): void {
    const { current } = this._app.notebooks;
    if (current) {
      this._update(current.name);
    }
  }

  private _update(module: string): void {
    const panel = this._app.notebooks.panelOf(module);
    if (!panel?.context.isReady) {
      return;
    }
    const { run } = this._app.tests.state(module);
    const rows = run ? shownRows(run) : [];
    for (const cell of panel.content.widgets) {
      const shared = cell.model.sharedModel;
      const id = gradeId(shared);
      const row = rows.find(other => other.grade_id === id);
      this._mark(panel, module, cell, isTest(shared) ? row : undefined);
    }
  }

  private _mark(
    panel: NotebookPanel,
    module: string,
    cell: Cell,
    row: TestRow | undefined
  ): void {
    const present = this._badges.get(cell);
    if (!row || !this._app.settings.values.showBadges) {
      present?.dispose();
      this._badges.delete(cell);
      return;
    }
    const badge = present ?? this._add(module, cell, row.grade_id);
    const isCurrent = panel === this._app.notebooks.panel;
    const stale = isCurrent ? this._app.staleness.isStale(row) : row.stale;
    badge.draw(row, stale);
  }

  private _add(module: string, cell: Cell, test: string): Badge {
    const execute = (command: string) => () => {
      void this._commands.execute(command, { module, test });
    };
    const badge = new Badge(
      this._trans,
      execute(CommandIDs.showTest),
      execute(CommandIDs.runTests)
    );
    // A cell that is out of sight has no input yet, and what is added then would come before it.
    void cell.ready.then(() => {
      if (!badge.isDisposed && !cell.isDisposed) {
        (cell.layout as PanelLayout).addWidget(badge);
      }
    });
    this._badges.set(cell, badge);
    return badge;
  }

  private readonly _badges = new WeakMap<Cell, Badge>();
}
