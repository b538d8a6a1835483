import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { CourseClient } from '../api/courses';
import type { CourseModules } from '../api/courseTypes';
import type { Membership } from '../api/types';
import { QuestionChoice } from './choice';
import { JobsModel } from './jobs/model';
import { Loadable } from './loadable';

/** The pages of the panel. */
export type Page =
  | 'overview'
  | 'marking'
  | 'calibration'
  | 'jobs'
  | 'terms'
  | 'reports'
  | 'similarity'
  | 'audit';

/** The pages that graders have; the others are the instructors' alone. */
const GRADER_PAGES: readonly Page[] = ['marking', 'calibration'];
const INSTRUCTOR_PAGES: readonly Page[] = [
  'overview',
  'marking',
  'jobs',
  'calibration',
  'terms',
  'reports',
  'similarity',
  'audit'
];

/** The state of the panel that its pages share: which one is shown, the modules, and the work in progress. */
export class GradingModel implements IDisposable {
  constructor(
    readonly api: CourseClient,
    readonly role: Membership['role'],
    readonly rendermime: IRenderMimeRegistry
  ) {
    this.modules = new Loadable(() => api.modules());
    this.choice = new QuestionChoice(api, this.modules);
    this.jobs = new JobsModel(api);
    this.jobs.finished.connect(() => void this.modules.load());
    this._page = this.pages[0] ?? 'marking';
    void this.modules.load();
    if (this.isInstructor) {
      void this.jobs.refresh();
    }
  }

  /** Emitted when another page is shown. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isInstructor(): boolean {
    return this.role === 'instructor';
  }

  /** The user's name in the course; empty before it is known. */
  get me(): string {
    return this.modules.value?.me ?? '';
  }

  /** The pages that the user's role has. */
  get pages(): readonly Page[] {
    return this.isInstructor ? INSTRUCTOR_PAGES : GRADER_PAGES;
  }

  get page(): Page {
    return this._page;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Show a page, of a module where it is about one. */
  show(page: Page, module?: string): void {
    if (!this.pages.includes(page)) {
      return;
    }
    if (module !== undefined && module !== this.choice.module) {
      this.choice.chooseModule(module);
    }
    this._page = page;
    this._changed.emit();
    if (this.isInstructor) {
      // Others ask for work, too, in the panel and on the command line.
      void this.jobs.refresh();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this.choice.dispose();
    this.modules.dispose();
    this.jobs.dispose();
    Signal.clearData(this);
  }

  /** Whether the instructor wants to see whose answers are marked. */
  showsNames = false;
  readonly modules: Loadable<CourseModules>;
  readonly choice: QuestionChoice;
  readonly jobs: JobsModel;
  private readonly _changed = new Signal<this, void>(this);
  private _page: Page;
  private _isDisposed = false;
}
