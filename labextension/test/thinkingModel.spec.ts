import type { NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';

import type { ModulesModel } from '../src/modules/model';
import type { Notebooks } from '../src/notebook/notebooks';
import { SaveWatch } from '../src/notebook/saves';
import { ThinkingModel } from '../src/thinking/model';
import { trans } from './fixtures';
import { MemoryContext } from './notebookFixtures';
import { settle } from './viewFixtures';

describe('ThinkingModel', () => {
  /** Notebooks in which a test opens one after the other. */
  class FakeNotebooks {
    readonly changed = new Signal<this, void>(this);
    panel: NotebookPanel | null = null;
    private readonly _saves = new Map<unknown, SaveWatch>();

    savesOf({ context }: Pick<NotebookPanel, 'context'>): SaveWatch {
      const saves = this._saves.get(context) ?? new SaveWatch(context, trans);
      this._saves.set(context, saves);
      return saves;
    }

    async open(context: MemoryContext | null): Promise<void> {
      this.panel = context && ({ context } as unknown as NotebookPanel);
      this.changed.emit();
      await settle();
    }
  }

  class FakeModules {
    readonly changed = new Signal<this, void>(this);
    readonly refresh = jest.fn().mockResolvedValue(undefined);
    isUnreachable = false;

    async answer(does: boolean): Promise<void> {
      this.isUnreachable = !does;
      this.changed.emit();
      await settle();
    }
  }

  let notebooks: FakeNotebooks;
  let modules: FakeModules;
  let model: ThinkingModel;
  let contexts: MemoryContext[];

  function notebook(): MemoryContext {
    const context = new MemoryContext();
    contexts.push(context);
    return context;
  }

  beforeEach(() => {
    jest.spyOn(console, 'warn').mockImplementation();
    contexts = [];
    notebooks = new FakeNotebooks();
    modules = new FakeModules();
    model = new ThinkingModel(
      notebooks as unknown as Notebooks,
      modules as unknown as ModulesModel
    );
  });

  afterEach(() => {
    model.dispose();
    for (const context of contexts) {
      context.model.dispose();
    }
    jest.restoreAllMocks();
  });

  it('saves the answers of a notebook that was left while the server did not answer', async () => {
    const [first, second] = [notebook(), notebook()];
    await notebooks.open(first);
    await modules.answer(false);
    model.answers?.write('answer_1', 'Held');
    await notebooks.open(second);
    model.answers?.write('answer_1', 'Held too');
    await notebooks.open(null);
    expect([...first.saved, ...second.saved]).toEqual([]);
    await modules.answer(true);
    expect([first.saved, second.saved]).toEqual([['Held'], ['Held too']]);
  });

  it('saves them once when their notebook is the current one again', async () => {
    const first = notebook();
    await notebooks.open(first);
    await modules.answer(false);
    model.answers?.write('answer_1', 'Held');
    await notebooks.open(null);
    await notebooks.open(first);
    expect(model.answers?.saveState.kind).toBe('held');
    await modules.answer(true);
    expect(first.saved).toEqual(['Held']);
  });

  it('does not save a notebook that was closed meanwhile', async () => {
    const first = notebook();
    await notebooks.open(first);
    await modules.answer(false);
    model.answers?.write('answer_1', 'Held');
    await notebooks.open(null);
    first.isDisposed = true;
    await modules.answer(true);
    expect(first.saved).toEqual([]);
  });
});
