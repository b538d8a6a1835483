import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { ApiClient } from '../src/api/client';
import {
  type Assignment,
  type CourseOverview,
  type ModuleEntry,
  type Receipt,
  type TestRow,
  type TestRun,
  type TestRunEvent,
  VERSION
} from '../src/api/types';

export const trans = nullTranslator.load('tinytorch_lab');

export function row(id: string, change: Partial<TestRow> = {}): TestRow {
  return {
    grade_id: id,
    cell_id: id,
    title: `test_unit_${id}`,
    points: 10,
    checksum: '',
    stale: false,
    evidence: null,
    status: 'pending',
    message: '',
    frames: [],
    traceback: '',
    seconds: null,
    peak_bytes: null,
    reference_seconds: null,
    reference_peak_bytes: null,
    ...change
  };
}

export function run(change: Partial<TestRun> = {}): TestRun {
  return {
    run_id: 'first',
    module: '01_tensor',
    state: 'running',
    rows: [],
    notices: [],
    started_at: null,
    seconds: null,
    reason: '',
    ...change
  };
}

export function event(change: Partial<TestRunEvent> = {}): TestRunEvent {
  return {
    run_id: 'first',
    module: '01_tensor',
    state: 'running',
    row: null,
    ...change
  };
}

export function entry(
  name: string,
  change: Partial<ModuleEntry> = {}
): ModuleEntry {
  return {
    name,
    number: Number(name.slice(0, 2)),
    title: name.slice(3),
    phase: 1,
    summary: `What ${name} is about.`,
    prerequisites: [],
    exports: [name.slice(3)],
    points: 100,
    status: 'not_started',
    path: null,
    tests_passed: 0,
    tests_total: 0,
    package: 'missing',
    recheck: [],
    readme: false,
    digest: null,
    ...change
  };
}

export function assignment(
  module: string,
  change: Partial<Assignment> = {}
): Assignment {
  return {
    module,
    state: 'open',
    released_at: '2026-01-01T00:00:00Z',
    due_at: null,
    extended: false,
    policy: '',
    submission: null,
    late_seconds: 0,
    score: null,
    total: null,
    returned_at: null,
    ...change
  };
}

export function receipt(id: string, change: Partial<Receipt> = {}): Receipt {
  return {
    id,
    course: 'tinytorch',
    module: '01_tensor',
    student: 'ada',
    digest: id,
    size: 2048,
    received_at: '2026-01-02T12:00:00Z',
    signature: 'signed',
    ...change
  };
}

/** Three modules: one in progress, one not started, one not there yet. */
export function course(change: Partial<CourseOverview> = {}): CourseOverview {
  return {
    title: 'A small course',
    version: VERSION,
    workspace: '',
    phases: [
      { number: 1, title: 'First steps' },
      { number: 2, title: 'Further' }
    ],
    modules: [
      entry('01_tensor', {
        status: 'in_progress',
        path: 'modules/01_tensor/01_tensor.ipynb',
        tests_passed: 4,
        tests_total: 9,
        package: 'behind'
      }),
      entry('02_activations', { prerequisites: ['01_tensor'] }),
      entry('03_layers', { phase: 2, status: 'unavailable' })
    ],
    answer_words: [150, 300],
    ...change
  };
}

/** A client that answers what a test says and nothing else. */
export function fakeApi(
  answers: Partial<Record<keyof ApiClient, jest.Mock>>
): ApiClient {
  const history = jest.fn().mockResolvedValue({ runs: [] });
  return { testHistory: history, ...answers } as unknown as ApiClient;
}

/** The server's event stream, as far as the models listen to it. */
export class FakeEvents {
  readonly stream = new Signal<this, unknown>(this);

  emit(payload: TestRunEvent, schema: string): void {
    this.stream.emit({ ...payload, schema_id: schema });
  }
}
