import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axe } from 'jest-axe';
import React from 'react';

import { ApiError } from '../src/api/client';
import type { Assignment } from '../src/api/types';
import { CommandIDs } from '../src/commands';
import { ModulesModel } from '../src/modules/model';
import { ModulesView } from '../src/modules/ModulesView';
import { SubmissionsModel } from '../src/submission/model';
import { assignment, course, entry, fakeApi, receipt, trans } from './fixtures';
import { FakeNotebooks, recordingCommands, settle } from './viewFixtures';

describe('ModulesView', () => {
  let model: ModulesModel;
  let submissions: SubmissionsModel;

  async function show(
    answers: Parameters<typeof fakeApi>[0],
    assignments: Assignment[] = []
  ) {
    model = new ModulesModel(
      fakeApi({ course: jest.fn().mockResolvedValue(course()), ...answers })
    );
    const released = {
      connected: true,
      message: '',
      as_of: null,
      assignments,
      news: []
    };
    submissions = new SubmissionsModel(
      fakeApi({ assignments: jest.fn().mockResolvedValue(released) })
    );
    const { commands, calls } = recordingCommands();
    const notebooks = new FakeNotebooks(undefined);
    const view = render(
      <ModulesView
        model={model}
        submissions={submissions}
        notebooks={notebooks.asNotebooks}
        commands={commands}
        trans={trans}
      />
    );
    // The model's own first look, and the one asked for.
    await act(async () => {
      await model.refresh();
      await settle();
    });
    return { ...view, calls, notebooks };
  }

  afterEach(() => {
    model.dispose();
    submissions.dispose();
  });

  it('says in words how every module stands', async () => {
    const { container } = await show({});
    expect(screen.getByText('In progress: 4 of 9 tests')).toBeInTheDocument();
    expect(
      screen.getByText('Export is behind the notebook')
    ).toBeInTheDocument();
    expect(screen.getByText('Not started')).toBeInTheDocument();
    expect(screen.getByText('Not yet available')).toBeInTheDocument();
    expect(screen.getByText('0 of 3 modules passed')).toBeInTheDocument();
    expect(await axe(container)).toHaveNoViolations();
  });

  it('offers no action on a module that is not there', async () => {
    const { calls } = await show({});
    const title = screen.getByRole('button', { name: '03 layers' });
    expect(title).toHaveAttribute('aria-disabled', 'true');
    await userEvent.click(title);
    expect(calls).toEqual([]);
    expect(screen.queryByRole('button', { name: /Export 03/ })).toBeNull();
  });

  it('moves between modules by arrow keys and opens with Enter', async () => {
    const { calls } = await show({});
    await userEvent.tab();
    expect(screen.getByLabelText('Search modules')).toHaveFocus();
    await userEvent.tab();
    expect(
      screen.getByRole('button', { name: /01 tensor Open/ })
    ).toHaveFocus();
    await userEvent.keyboard('{ArrowDown}');
    expect(
      screen.getByRole('button', { name: /02 activations Start/ })
    ).toHaveFocus();
    await userEvent.keyboard('{Enter}{End}{ArrowDown}');
    expect(screen.getByRole('button', { name: '03 layers' })).toHaveFocus();
    await userEvent.keyboard('{Home}{ArrowUp}{Enter}');
    expect(calls).toEqual([
      [CommandIDs.startModule, '02_activations'],
      [CommandIDs.openModule, '01_tensor']
    ]);
  });

  it('reaches the actions of one module by Tab', async () => {
    const { calls } = await show({});
    await userEvent.tab();
    await userEvent.tab();
    await userEvent.tab();
    await userEvent.keyboard('{Enter}');
    await userEvent.tab();
    await userEvent.tab();
    await userEvent.tab();
    expect(document.body).toHaveFocus();
    expect(calls).toEqual([[CommandIDs.runTests, '01_tensor']]);
  });

  it('starts no second action on a busy module', async () => {
    const { calls } = await show({
      exportModule: jest.fn(() => new Promise(() => undefined))
    });
    act(() => void model.export('01_tensor'));
    await userEvent.click(
      screen.getByRole('button', { name: 'Export 01 tensor' })
    );
    expect(screen.getByText('Exporting…')).toBeInTheDocument();
    expect(calls).toEqual([]);
  });

  it('says when the server is of another version', async () => {
    await show({
      course: jest.fn().mockResolvedValue(course({ version: '9.9.9' }))
    });
    expect(screen.getByRole('alert')).toHaveTextContent('the server 9.9.9');
  });

  it('says what is wrong when the course cannot be had, and tries again', async () => {
    const asked = jest
      .fn()
      .mockRejectedValue(new ApiError('missing', 'The extension is missing.'));
    const { container } = await show({ course: asked });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'The extension is missing.'
    );
    expect(await axe(container)).toHaveNoViolations();
    asked.mockResolvedValue(course());
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('01 tensor')).toBeInTheDocument();
    await act(settle);
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('finds modules by any word they are about', async () => {
    await show({});
    const search = screen.getByLabelText('Search modules');
    await userEvent.type(search, 'ACTIV about');
    expect(screen.getByText('02 activations')).toBeInTheDocument();
    expect(screen.queryByText('01 tensor')).toBeNull();
    expect(screen.queryByText('Phase 2: Further')).toBeNull();
    await userEvent.type(search, ' nothing');
    expect(screen.getByRole('status')).toHaveTextContent(
      'No module is about “ACTIV about nothing”.'
    );
    await userEvent.clear(search);
    expect(screen.getByText('01 tensor')).toBeInTheDocument();
  });

  it('says what a module builds on and what changed since', async () => {
    const overview = course();
    const [tensor, activations] = overview.modules;
    await show({
      course: jest.fn().mockResolvedValue({
        ...overview,
        modules: [
          tensor,
          { ...activations, status: 'in_progress', recheck: ['01_tensor'] },
          entry('03_layers', { prerequisites: ['01_tensor'] })
        ]
      })
    });
    expect(
      screen.getByText('Needs re-check: 01 tensor changed')
    ).toBeInTheDocument();
    expect(screen.getByText('Builds on 01 tensor')).toBeInTheDocument();
  });

  it('says how every module stands with the course', async () => {
    const { container } = await show(
      {
        course: jest.fn().mockResolvedValue(
          course({
            modules: [
              entry('01_tensor', { status: 'passed', digest: 'changed' }),
              entry('02_activations', { status: 'passed' }),
              entry('03_layers', { status: 'in_progress' })
            ]
          })
        )
      },
      [
        assignment('01_tensor', {
          state: 'submitted',
          submission: receipt('first'),
          late_seconds: 7200
        }),
        assignment('02_activations', { due_at: '2999-01-01T00:00:00Z' }),
        assignment('03_layers', { due_at: '2000-01-01T00:00:00Z' })
      ]
    );
    expect(screen.getByText('Submitted 2 hours late')).toBeInTheDocument();
    expect(
      screen.getByText('Saved, but not submitted: the notebook has changed')
    ).toBeInTheDocument();
    expect(screen.getByText('Ready to submit')).toBeInTheDocument();
    expect(screen.getByText(/^Due .*days left$/)).toBeInTheDocument();
    expect(
      screen.getByText('Overdue. In progress: tests not run yet')
    ).toBeInTheDocument();
    expect(await axe(container)).toHaveNoViolations();
  });
});
