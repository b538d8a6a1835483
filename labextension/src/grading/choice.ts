import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { CourseClient, IQuestionPlace } from '../api/courses';
import type { CourseModules, Question } from '../api/courseTypes';
import type { Loadable } from './loadable';

/** Which module, and which of its questions, the pages of the panel are about. */
export class QuestionChoice implements IDisposable {
  constructor(
    private readonly _api: Pick<CourseClient, 'questions'>,
    private readonly _modules: Loadable<CourseModules>
  ) {
    _modules.changed.connect(this._onModules, this);
  }

  /** Emitted on any change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The chosen module; at first one that has answers to mark. */
  get module(): string | null {
    const modules = this._modules.value?.modules ?? [];
    const waiting = modules.find(({ to_mark }) => to_mark > 0);
    return this._module ?? (waiting ?? modules[0])?.module ?? null;
  }

  /** The questions of the module, as far as they are known. */
  get questions(): readonly Question[] {
    return this._questions;
  }

  /** The chosen question; at first one that has answers to mark. */
  get place(): IQuestionPlace | null {
    const { module, _questions: questions } = this;
    const chosen = questions.find(
      ({ response }) => response === this._response
    );
    const waiting = questions.find(({ answers, marked }) => marked < answers);
    const found = chosen ?? waiting ?? questions[0];
    return found && module !== null
      ? { module, response: found.response }
      : null;
  }

  /** Why the questions could not be had, or null. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  chooseModule(module: string): void {
    this._module = module;
    this._response = null;
    this._questions = [];
    void this.refresh();
  }

  chooseResponse(response: string): void {
    this._response = response;
    this._changed.emit();
  }

  /** Ask for the questions; a module chosen meanwhile wins. */
  async refresh(): Promise<void> {
    const { module } = this;
    if (module === null) {
      return;
    }
    // What pages are about stays, also when something else has answers to mark by then.
    this._module = module;
    this._asked = module;
    this._changed.emit();
    try {
      const questions = await this._api.questions(module);
      if (module === this.module) {
        // What is shown stays chosen when it has no answers to mark any more.
        this._response = this.place?.response ?? this._response;
        this._questions = questions;
        this._error = null;
      }
    } catch (error) {
      if (module === this.module) {
        this._error = error as Error;
      }
    }
    this._changed.emit();
  }

  private _onModules(): void {
    if (this.module !== null && this.module !== this._asked) {
      void this.refresh();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _module: string | null = null;
  private _asked: string | null = null;
  private _response: string | null = null;
  private _questions: readonly Question[] = [];
  private _error: Error | null = null;
  private _isDisposed = false;
}

/** What the course would generate next: the first of the curriculum that it does not have. */
export function nextToGenerate(course: CourseModules | null): string {
  const known = new Set(course?.modules.map(({ module }) => module));
  const { catalogue = [] } = course ?? {};
  return (
    (catalogue.find(({ module }) => !known.has(module)) ?? catalogue[0])
      ?.module ?? ''
  );
}
