import type {
  MilestoneEntry,
  MilestoneProgress,
  MilestoneRun
} from '../src/api/types';

const NEVER: MilestoneRun = {
  run_id: '',
  state: 'never',
  progress: null,
  reason: ''
};

/** A milestone that can be run and never was. */
export function milestone(
  number: number,
  change: Partial<MilestoneEntry> = {}
): MilestoneEntry {
  return {
    number,
    title: `Title ${number}`,
    goal: `What ${number} must do.`,
    after: '01_tensor',
    minutes: 0,
    full_minutes: null,
    status: 'ready',
    missing: [],
    outdated: [],
    result: null,
    run: NEVER,
    ...change
  };
}

/** A milestone that was run and passed. */
export function passed(
  number: number,
  change: Partial<MilestoneEntry> = {}
): MilestoneEntry {
  return milestone(number, {
    status: 'passed',
    result: {
      passed: true,
      date: '2026-03-01T12:00:00+00:00',
      message: 'It learned.',
      figures: [
        { name: 'loss', value: 0.00000315 },
        { name: 'epochs_to_goal', value: 36 },
        { name: 'spread', value: 0.50123 }
      ],
      plot: true,
      seconds: 0.612
    },
    ...change
  });
}

export function milestoneRun(change: Partial<MilestoneRun> = {}): MilestoneRun {
  return {
    run_id: 'first',
    state: 'running',
    progress: null,
    reason: '',
    ...change
  };
}

export function progress(done: number): MilestoneProgress {
  return { done, total: 23, step: `epoch ${done}`, losses: [0.5, 1 / done] };
}
