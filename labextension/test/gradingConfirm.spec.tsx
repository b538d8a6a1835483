import { Signal } from '@lumino/signaling';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { CourseModules, ModuleColumn } from '../src/api/courseTypes';
import { CalibrationPage } from '../src/grading/calibration/CalibrationPage';
import { Loadable } from '../src/grading/loadable';
import type { GradingModel } from '../src/grading/model';
import { DueDates } from '../src/grading/terms/DueDates';
import { trans } from './fixtures';
import { answerDialog, PLACE, sample } from './gradingFixtures';

/** Click, and answer the question that it leads to. */
async function click(name: string, answer: string): Promise<string> {
  await userEvent.click(await screen.findByRole('button', { name }));
  return answerDialog(answer);
}

describe('a sample', () => {
  function setUp() {
    const source = {};
    const removeSample = jest.fn().mockResolvedValue(undefined);
    const model = {
      api: {
        samples: jest.fn().mockResolvedValue([sample(1), sample(2)]),
        agreement: jest
          .fn()
          .mockResolvedValue({ agreements: [], divisive: [] }),
        removeSample
      },
      isInstructor: true,
      rendermime: { sanitizer: { sanitize: (html: string) => html } },
      modules: { changed: new Signal(source), value: null },
      choice: { changed: new Signal(source), place: PLACE, questions: [] }
    } as unknown as GradingModel;
    render(<CalibrationPage model={model} trans={trans} />);
    return { removeSample };
  }

  it('is removed with the marks it got once that is confirmed', async () => {
    const { removeSample } = setUp();
    const asked = await click('Remove sample 1', 'Escape');
    expect(asked).toContain('all marks that it got');
    expect(removeSample).not.toHaveBeenCalled();
    await click('Remove sample 1', 'Remove');
    await waitFor(() => {
      expect(
        screen.queryByRole('button', { name: 'Remove sample 1' })
      ).not.toBeInTheDocument();
    });
    expect(removeSample).toHaveBeenCalledWith(1);
    expect(
      screen.getByRole('button', { name: 'Remove sample 2' })
    ).toBeInTheDocument();
  });

  it('counts one point as one', async () => {
    setUp();
    expect(await screen.findAllByText('Agreed: 1 point.')).toHaveLength(2);
    expect(screen.getAllByText('You gave 1 point.')).toHaveLength(2);
  });
});

it('a released module is taken back once that is confirmed', async () => {
  const unrelease = jest.fn().mockResolvedValue(undefined);
  const column = {
    module: '01_tensor',
    title: 'Tensor',
    released_at: '2026-01-01T12:00:00Z',
    due_at: null
  } as ModuleColumn;
  const modules = new Loadable(() =>
    Promise.resolve({ modules: [column] } as CourseModules)
  );
  const model = { api: { unrelease }, modules } as unknown as GradingModel;
  render(<DueDates model={model} trans={trans} />);
  await act(() => modules.load());
  const asked = await click('Take Tensor back from students', 'Cancel');
  expect(asked).toContain('What was handed in stays');
  expect(unrelease).not.toHaveBeenCalled();
  await click('Take Tensor back from students', 'Take back');
  expect(unrelease).toHaveBeenCalledWith('01_tensor');
  modules.dispose();
});
