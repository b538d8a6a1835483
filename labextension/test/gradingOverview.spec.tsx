import { act, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Signal } from '@lumino/signaling';
import React from 'react';

import type {
  Job,
  Overview,
  StudentPage,
  StudentRow
} from '../src/api/courseTypes';
import type { GradingModel } from '../src/grading/model';
import { OverviewPage } from '../src/grading/overview/OverviewPage';
import { trans } from './fixtures';

const MORE: StudentRow[] = Array.from({ length: 101 }, (_, place) => ({
  student: `s${place}`,
  name: `Student ${String(place).padStart(3, '0')}`,
  cells: []
}));

const OVERVIEW: Overview = {
  course: 'c',
  title: 'C',
  modules: [],
  students: MORE.slice(0, 100)
};

const PAGE: StudentPage = {
  student: 's50',
  name: 'Student 50',
  email: '',
  grade: { so_far: null, decided: 0, lowest: 0, highest: 1 },
  reasons: [],
  extensions: [],
  modules: []
} as unknown as StudentPage;

function setUp() {
  const source = {};
  const finished = new Signal<unknown, Job>(source);
  const overview = jest.fn().mockResolvedValue(OVERVIEW);
  const model = {
    api: {
      overview,
      student: jest.fn().mockResolvedValue(PAGE),
      struggling: jest
        .fn()
        .mockResolvedValue([
          { student: 's7', reasons: [{ kind: 'late', sentence: 'Late.' }] }
        ]),
      suspicious: jest.fn().mockResolvedValue([])
    },
    choice: { changed: new Signal(source), module: null },
    modules: { changed: new Signal(source), value: null },
    jobs: {
      changed: new Signal(source),
      finished,
      error: null
    }
  } as unknown as GradingModel;
  render(<OverviewPage model={model} trans={trans} />);
  return { finished, overview };
}

describe('the class while one student is shown', () => {
  it('keeps filter, sorting and place, and gets the focus back', async () => {
    const { finished, overview } = setUp();
    await userEvent.type(await screen.findByLabelText('Find'), 'student');
    await userEvent.click(screen.getByRole('button', { name: 'Student' }));
    const grid = screen.getByRole('group', { name: 'Students and modules' });
    // As a browser has it.
    const measured = (size: number) => ({
      get: () => (grid.closest('[hidden]') ? 0 : size)
    });
    Object.defineProperties(grid, {
      clientHeight: measured(280),
      scrollTop: measured(1400)
    });
    fireEvent.scroll(grid);
    const student = screen.getByRole('button', { name: 'Student 045' });
    await userEvent.click(student);
    expect(
      await screen.findByRole('heading', { name: 'Student 50 (s50)' })
    ).toBeVisible();
    expect(grid).not.toBeVisible();
    overview.mockResolvedValue({ ...OVERVIEW, students: MORE });
    await act(() => {
      finished.emit({} as Job);
      return Promise.resolve();
    });
    await userEvent.click(
      screen.getByRole('button', { name: 'Back to the class' })
    );
    expect(grid).toBeVisible();
    expect(student).toHaveFocus();
    expect(screen.getByLabelText('Find')).toHaveValue('student');
    expect(
      within(grid).getByRole('columnheader', { name: 'Student' })
    ).toHaveAttribute('aria-sort', 'descending');
    expect(grid.querySelector('table')).toHaveAttribute('aria-rowcount', '102');
  });

  it('gives the focus back to the reasons that led to the student', async () => {
    setUp();
    const link = await screen.findByRole('button', { name: 's7' });
    await userEvent.click(link);
    await userEvent.click(
      await screen.findByRole('button', { name: 'Back to the class' })
    );
    expect(link).toHaveFocus();
  });
});
