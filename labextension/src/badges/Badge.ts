import type { TranslationBundle } from '@jupyterlab/translation';
import { type LabIcon, runIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import type { TestRow } from '../api/types';
import { testLabel } from '../tests/format';
import { rowLabel, STATUS_ICONS } from '../tests/labels';
import { formatSeconds } from '../units';

/** Under a test cell: how its test ended, which leads to its row in the sidebar, and a button that runs it. */
export class Badge extends Widget {
  constructor(
    private readonly _trans: TranslationBundle,
    show: () => void,
    run: () => void
  ) {
    super();
    this.addClass('jp-TinyTorch-badge');
    this._row.addEventListener('click', show);
    this._run.addEventListener('click', run);
    this._run.append(iconOf(runIcon));
    this._row.type = this._run.type = 'button';
    this.node.append(this._row, this._run);
  }

  /** Show how the test stands; `stale` tells that the code has changed since. */
  draw(row: TestRow, stale: boolean): void {
    const trans = this._trans;
    const label = testLabel(row);
    const words = this._words(row, stale);
    const run = trans.__('Run %1 by itself', label);
    this._row.className = `jp-mod-${row.status}${stale ? ' jp-mod-stale' : ''}`;
    this._row.title = trans.__('Show %1 in the sidebar', label);
    this._row.setAttribute(
      'aria-label',
      trans.__('Test %1: %2. Show it in the sidebar', label, words)
    );
    this._row.replaceChildren(iconOf(STATUS_ICONS[row.status]), words);
    this._run.title = run;
    this._run.setAttribute('aria-label', run);
  }

  private _words(row: TestRow, stale: boolean): string {
    const trans = this._trans;
    const ended = rowLabel(row.status, trans);
    if (stale) {
      return trans.__('%1, outdated', ended);
    }
    return row.status === 'passed' && row.seconds !== null
      ? trans.__('%1, %2', ended, formatSeconds(row.seconds, trans))
      : ended;
  }

  private readonly _row = document.createElement('button');
  private readonly _run = document.createElement('button');
}

function iconOf(icon: LabIcon): HTMLElement {
  const element = icon.element({ tag: 'span' });
  element.setAttribute('aria-hidden', 'true');
  return element;
}
