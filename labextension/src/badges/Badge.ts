import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import type { TestRow } from '../api/types';
import { formatSeconds, testLabel } from '../tests/format';
import { rowLabel, STATUS_ICONS } from '../tests/labels';

/** Under a test cell: how its test ended; a click runs it. */
export class Badge extends Widget {
  constructor(
    private readonly _trans: TranslationBundle,
    run: () => void
  ) {
    super();
    this.addClass('jp-TinyTorch-badge');
    this._button.type = 'button';
    this._button.addEventListener('click', run);
    this.node.append(this._button);
  }

  /** Show how the test stands; `stale` tells that the code has changed since. */
  draw(row: TestRow, stale: boolean): void {
    const trans = this._trans;
    const words = this._words(row, stale);
    this._button.className = `jp-mod-${row.status}${stale ? ' jp-mod-stale' : ''}`;
    this._button.title = trans.__('Run %1 by itself', testLabel(row));
    this._button.setAttribute(
      'aria-label',
      trans.__('Test %1: %2. Run it by itself', testLabel(row), words)
    );
    this._button.replaceChildren(iconOf(STATUS_ICONS[row.status]), words);
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

  private readonly _button = document.createElement('button');
}

function iconOf(icon: LabIcon): HTMLElement {
  const element = icon.element({ tag: 'span' });
  element.setAttribute('aria-hidden', 'true');
  return element;
}
