import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axe } from 'jest-axe';
import React from 'react';

import { ApiError } from '../src/api/client';
import type { MilestoneEntry } from '../src/api/types';
import { CommandIDs } from '../src/commands';
import { MilestonesView } from '../src/milestones/MilestonesView';
import { MilestonesModel } from '../src/milestones/model';
import type { ModulesModel } from '../src/modules/model';
import { course, fakeApi, trans } from './fixtures';
import {
  milestone,
  milestoneRun,
  passed,
  progress
} from './milestonesFixtures';

/** The course, there or not. */
class FakeModules {
  readonly changed = new Signal<this, void>(this);
  readonly overview;
  constructor(readonly error: ApiError | null) {
    this.overview = error ? null : course();
  }

  find(name: string) {
    return this.overview?.modules.find(entry => entry.name === name);
  }
}

describe('MilestonesView', () => {
  let model: MilestonesModel;
  const revoked = jest.fn();

  async function show(
    milestones: MilestoneEntry[],
    answers: Parameters<typeof fakeApi>[0] = {},
    error: ApiError | null = null
  ) {
    const modules = new FakeModules(error) as unknown as ModulesModel;
    const api = fakeApi({
      milestones: jest.fn(() => Promise.resolve({ milestones })),
      // What is running goes on.
      milestone: jest.fn(() => new Promise(() => undefined)),
      milestonePlot: jest.fn(() => Promise.resolve(new Blob(['png']))),
      ...answers
    });
    model = new MilestonesModel(api, null, modules);
    const commands = new CommandRegistry();
    const calls: unknown[] = [];
    for (const id of [CommandIDs.runMilestone, CommandIDs.cancelMilestone]) {
      commands.addCommand(id, {
        execute: args =>
          calls.push([id, args.milestone, ...(args.full ? ['full'] : [])])
      });
    }
    const view = render(
      <MilestonesView {...{ commands, model, modules, trans }} />
    );
    await act(async () => {
      await new Promise(resolve => setTimeout(resolve, 10));
    });
    return { ...view, api, calls };
  }

  beforeEach(() => {
    let made = 0;
    // The browser's, which jsdom does not have.
    URL.createObjectURL = () => `blob:plot-${++made}`;
    URL.revokeObjectURL = revoked.mockReset();
  });

  afterEach(() => {
    model.dispose();
  });

  it('says in words how every milestone stands, and what unlocks it', async () => {
    const { calls, container } = await show([
      milestone(1, { outdated: ['01_tensor'] }),
      milestone(2, { status: 'blocked', missing: ['02_activations'] }),
      milestone(3, {
        status: 'blocked',
        missing: ['01_tensor', '02_activations', '03_layers', '04_losses']
      }),
      milestone(4, { status: 'unavailable', missing: ['09_spatial'] })
    ]);
    const rows = screen.getAllByRole('listitem');
    expect(rows[0]).toHaveTextContent('1. Title 1');
    expect(rows[0]).toHaveTextContent('After 01 tensor');
    expect(rows[0]).toHaveTextContent('What 1 must do.');
    expect(rows[0]).toHaveTextContent(
      'Changed since they were exported: 01 tensor.'
    );
    expect(rows[1]).toHaveTextContent('Export 02 activations to unlock this');
    expect(rows[2]).toHaveTextContent('Export 01 tensor and 3 more modules');
    expect(rows[3]).not.toHaveTextContent('unlock');
    expect(
      screen.getAllByRole('status').map(status => status.textContent)
    ).toEqual(['Ready', 'Locked', 'Locked', 'Not yet available']);
    const button = screen.getByRole('button');
    expect(button).toHaveAccessibleName('Run Title 1');
    await userEvent.click(button);
    expect(calls).toEqual([[CommandIDs.runMilestone, 1]]);
    expect(await axe(container)).toHaveNoViolations();
  });

  it('shows how far a run is and offers to cancel', async () => {
    const { calls, container } = await show([
      passed(1, { run: milestoneRun({ progress: progress(4) }) }),
      milestone(2, { run: milestoneRun() })
    ]);
    const [first, second] = screen.getAllByRole('listitem');
    expect(first).toHaveTextContent('Step 4 of 23, epoch 4: loss 0.25');
    expect(first).not.toHaveTextContent('It learned.');
    expect(second).toHaveTextContent('Starting…');
    const bar = screen.getByRole('progressbar', { name: 'Steps of Title 1' });
    expect(bar).toHaveAttribute('aria-valuenow', '4');
    expect(bar).toHaveAttribute('aria-valuemax', '23');
    expect(screen.getAllByRole('status')[0]).toHaveTextContent('Running');
    await userEvent.click(
      screen.getByRole('button', { name: 'Cancel Title 1' })
    );
    expect(calls).toEqual([[CommandIDs.cancelMilestone, 1]]);
    expect(await axe(container)).toHaveNoViolations();
  });

  it('draws the losses so far, and says them in a table', async () => {
    const losses = [0.5, null, 0.25];
    const { container } = await show([
      milestone(1, {
        run: milestoneRun({ progress: { ...progress(3), losses } })
      }),
      milestone(2, {
        run: milestoneRun({ progress: { ...progress(1), losses: [0.5] } })
      })
    ]);
    const curve = screen.getByRole('img', {
      name: 'The loss of Title 1 so far: from 0.5 to 0.25, measured 3 times'
    });
    expect(curve.querySelector('polyline')).toHaveAttribute(
      'points',
      '0,0 240,60'
    );
    screen.getByText('Losses').click();
    const table = screen.getByRole('table', { name: 'Losses of Title 1' });
    expect(
      within(table)
        .getAllByRole('row')
        .map(row => row.textContent)
    ).toEqual(['10.5', '2diverged', '30.25']);
    expect(await axe(container)).toHaveNoViolations();
  });

  it('says how long a run takes and offers the longer one', async () => {
    const { calls, container } = await show([
      milestone(1, { minutes: 2, full_minutes: 4 }),
      milestone(2, { status: 'blocked', minutes: 2, full_minutes: 4 })
    ]);
    expect(screen.getByText(/A run takes about 2 minutes/)).toBeVisible();
    await userEvent.click(
      screen.getByRole('button', {
        name: 'Longer run of Title 1, about 4 minutes'
      })
    );
    expect(calls).toEqual([[CommandIDs.runMilestone, 1, 'full']]);
    expect(await axe(container)).toHaveNoViolations();
  });

  it('shows the plot of a passed milestone and the figures behind it', async () => {
    const { api, container, unmount } = await show([passed(1)]);
    expect(api.milestonePlot).toHaveBeenCalledTimes(1);
    expect(screen.getByText('It learned.')).toBeInTheDocument();
    expect(screen.getByText(/, in 612 ms$/)).toBeInTheDocument();
    const plot = screen.getByRole('img', {
      name: 'Plot of Title 1. It learned.'
    });
    expect(plot).toHaveAttribute('src', 'blob:plot-1');
    screen.getByText('Figures').click();
    const table = screen.getByRole('table', { name: 'Figures of Title 1' });
    expect(
      within(table)
        .getAllByRole('row')
        .map(row => row.textContent)
    ).toEqual(['Loss3.15e-6', 'Epochs to goal36', 'Spread0.501']);
    expect(await axe(container)).toHaveNoViolations();
    unmount();
    expect(revoked).toHaveBeenCalledWith('blob:plot-1');
  });

  it('replaces the plot when another run has ended', async () => {
    const milestones = jest.fn().mockResolvedValue({ milestones: [passed(1)] });
    await show([], { milestones });
    const later = passed(1);
    milestones.mockResolvedValue({
      milestones: [
        {
          ...later,
          result: { ...later.result, date: '2026-03-02T12:00:00+00:00' }
        }
      ]
    });
    await act(() => model.refresh());
    expect(await screen.findByRole('img')).toHaveAttribute(
      'src',
      'blob:plot-2'
    );
    expect(revoked).toHaveBeenCalledWith('blob:plot-1');
  });

  it('says why a milestone was missed', async () => {
    const missed = passed(1, { status: 'failed' });
    const { container } = await show([
      {
        ...missed,
        result: {
          passed: false,
          date: '2026-03-01T12:00:00+00:00',
          message: '`Linear.forward` is not written yet.',
          figures: [],
          plot: false,
          seconds: 0.1
        }
      }
    ]);
    expect(screen.getByRole('status')).toHaveTextContent('Missed');
    expect(screen.getByText(/is not written yet/)).toBeInTheDocument();
    expect(screen.queryByRole('img')).toBeNull();
    expect(screen.queryByText('Figures')).toBeNull();
    expect(await axe(container)).toHaveNoViolations();
  });

  it('tells of runs that came to no result beside the last that did', async () => {
    await show([
      passed(1, { run: milestoneRun({ state: 'cancelled' }) }),
      milestone(2, {
        run: milestoneRun({ state: 'failed', reason: 'The disk is full.' })
      })
    ]);
    const [first, second] = screen.getAllByRole('listitem');
    expect(first).toHaveTextContent('The run was cancelled.');
    expect(first).toHaveTextContent('It learned.');
    expect(second && within(second).getByRole('alert')).toHaveTextContent(
      'The disk is full.'
    );
  });

  it('says so when the plot cannot be had', async () => {
    const lost = new ApiError('refused', 'The last run left no plot.');
    await show([passed(1)], {
      milestonePlot: jest.fn().mockRejectedValue(lost)
    });
    expect(screen.getByRole('alert')).toHaveTextContent(lost.message);
  });

  it('shows why a run was refused', async () => {
    const refused = new ApiError('refused', 'It is running already.');
    await show([milestone(1)], {
      runMilestone: jest.fn().mockRejectedValue(refused)
    });
    await act(() => model.run(1));
    expect(screen.getByRole('alert')).toHaveTextContent(refused.message);
  });

  it('starts no second request while one is not answered', async () => {
    const { calls } = await show([milestone(1)], {
      runMilestone: jest.fn(() => new Promise(() => undefined))
    });
    act(() => void model.run(1));
    const button = screen.getByRole('button', { name: 'Run Title 1' });
    expect(button).toHaveAttribute('aria-disabled', 'true');
    await userEvent.click(button);
    expect(calls).toEqual([]);
  });

  it('says what is wrong when the course cannot be had, and tries again', async () => {
    await show([passed(1)], {}, new ApiError('missing', 'Not installed.'));
    expect(screen.getByRole('alert')).toHaveTextContent('Not installed.');
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('It learned.')).toBeInTheDocument();
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
