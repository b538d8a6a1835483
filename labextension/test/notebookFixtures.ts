import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { type INotebookModel, NotebookModel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { type JSONObject, PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import type { SavedContext } from '../src/notebook/saves';

type Context = DocumentRegistry.IContext<INotebookModel>;

const GRADED = { grade: true, solution: true, locked: false, task: false };

/** A context around a real notebook, whose file is a variable; it tells what Jupyter's tells. */
export class MemoryContext implements SavedContext {
  readonly model: INotebookModel;
  readonly contentsModel = null;
  isDisposed = false;
  readonly fileChanged = new Signal<Context, Omit<Contents.IModel, 'content'>>(
    this as never
  );
  readonly saveState = new Signal<Context, DocumentRegistry.SaveState>(
    this as never
  );
  saved: string[] = [];
  failure: Error | null = null;
  /** What a save waits for before it ends. */
  slowness: PromiseDelegate<void> | null = null;

  constructor(collaborationEnabled = false) {
    this.model = new NotebookModel({ collaborationEnabled });
    this.model.sharedModel.insertCells(0, [
      markdown('# Module', 'title'),
      markdown('### Question 1\n\nWhy is it fast?', 'q1'),
      markdown('YOUR ANSWER HERE', 'r1', { ...GRADED, grade_id: 'answer_1' }),
      markdown('### Question 2', 'q2'),
      markdown('Already *written*', 'r2', { ...GRADED, grade_id: 'answer_2' })
    ]);
    this.model.dirty = false;
  }

  async save(): Promise<void> {
    this.saveState.emit('started');
    const written = this.source('r1');
    await this.slowness?.promise;
    if (this.failure) {
      if (!this.failure.name.startsWith('Modal')) {
        this.saveState.emit('failed');
      }
      throw this.failure;
    }
    this.saved.push(written);
    this.model.dirty = false;
    this.fileChanged.emit({} as Contents.IModel);
    this.saveState.emit('completed');
  }

  revert(): Promise<void> {
    const [title, ...others] = this.model.sharedModel.cells;
    title?.setSource(`As on disk, with ${others.length} others`);
    this.model.dirty = false;
    this.fileChanged.emit({} as Contents.IModel);
    return Promise.resolve();
  }

  cell(id: string) {
    const cell = this.model.sharedModel.cells.find(
      other => other.getId() === id
    );
    if (!cell) {
      throw new Error(`no cell ${id}`);
    }
    return cell;
  }

  source(id: string): string {
    return this.cell(id).getSource();
  }
}

/** What Jupyter rejects a save with when its question which version to keep was cancelled. */
export function cancelled(): Error {
  return Object.assign(new Error('Cancel'), { name: 'ModalCancelError' });
}

function markdown(source: string, id: string, nbgrader?: JSONObject) {
  return {
    cell_type: 'markdown' as const,
    id,
    source,
    metadata: nbgrader ? { nbgrader } : {}
  };
}
