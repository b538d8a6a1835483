import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { axe } from 'jest-axe';
import React from 'react';

import type { PackageOverview } from '../src/api/types';
import { CommandIDs } from '../src/commands';
import { ModulesModel } from '../src/modules/model';
import { PackageModel } from '../src/package/model';
import { PackageView } from '../src/package/PackageView';
import { course, fakeApi, trans } from './fixtures';
import { FakeNotebooks, recordingCommands, settle } from './viewFixtures';

const PROBLEM = {
  notebook: 'modules/01_tensor/01_tensor.ipynb',
  cell: 7,
  line: 2,
  message: 'The bracket is never closed.'
};

function overview(change: Partial<PackageOverview> = {}): PackageOverview {
  return {
    files: [
      {
        name: 'tensor',
        module: '01_tensor',
        state: 'current',
        names: ['Tensor']
      },
      {
        name: 'activations',
        module: '02_activations',
        state: 'behind',
        names: ['ReLU']
      }
    ],
    uses: [{ user: 'activations', used: 'tensor', names: ['Tensor'] }],
    problems: [],
    ...change
  };
}

describe('PackageView', () => {
  let modules: ModulesModel;
  let model: PackageModel;

  async function show(
    answer: PackageOverview | Error,
    answers: Parameters<typeof fakeApi>[0] = {}
  ) {
    const asked =
      answer instanceof Error
        ? jest.fn().mockRejectedValue(answer)
        : jest.fn().mockResolvedValue(answer);
    const api = fakeApi({
      course: jest.fn().mockResolvedValue(course()),
      package: asked,
      ...answers
    });
    modules = new ModulesModel(api);
    const { commands, calls } = recordingCommands();
    const notebooks = new FakeNotebooks(undefined);
    model = new PackageModel(api, modules);
    const view = render(
      <PackageView
        model={model}
        modules={modules}
        notebooks={notebooks.asNotebooks}
        commands={commands}
        trans={trans}
      />
    );
    await act(settle);
    return { ...view, asked, calls, notebooks };
  }

  afterEach(() => {
    model.dispose();
    modules.dispose();
  });

  it('says what is exported, what is behind, and exports it', async () => {
    const { calls, container } = await show(overview());
    expect(
      screen.getByText('1 of 2 files is not up to date.')
    ).toBeInTheDocument();
    expect(screen.getByText('Up to date')).toBeInTheDocument();
    expect(screen.getByText('Behind the notebook')).toBeInTheDocument();
    await userEvent.click(
      screen.getByRole('button', { name: 'Export 02_activations' })
    );
    await userEvent.click(screen.getByRole('button', { name: 'Export all' }));
    expect(calls).toEqual([
      [CommandIDs.exportModule, '02_activations'],
      [CommandIDs.exportAll]
    ]);
    expect(await axe(container)).toHaveNoViolations();
  });

  it('says in words who uses what', async () => {
    const { container } = await show(overview());
    await userEvent.click(screen.getByRole('button', { name: 'activations' }));
    expect(
      screen.getByText('activations uses tensor: Tensor')
    ).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'tensor' }));
    expect(
      screen.getByText('A change of tensor concerns activations.')
    ).toBeInTheDocument();
    expect(container.querySelectorAll('svg path.jp-mod-chosen')).toHaveLength(
      1
    );
  });

  it('leads from what cannot be exported to its cell', async () => {
    const { notebooks } = await show(overview({ problems: [PROBLEM] }));
    await userEvent.click(
      screen.getByRole('button', { name: '01_tensor.ipynb, cell 7, line 2' })
    );
    const [module, locate] = notebooks.reveal.mock.calls[0] as [
      string,
      () => number
    ];
    expect([module, locate()]).toEqual(['01_tensor', 6]);
  });

  it('says so when there is nothing yet', async () => {
    await show(overview({ files: [], uses: [] }));
    expect(screen.getByText(/Your package is empty/)).toBeInTheDocument();
  });

  it('tries again when the package cannot be had', async () => {
    const { asked } = await show(new Error('No answer.'));
    expect(screen.getByRole('alert')).toHaveTextContent('No answer.');
    asked.mockResolvedValue(overview());
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('Up to date')).toBeInTheDocument();
  });

  it('shows where an export failed and leads to the cell', async () => {
    const { container, notebooks } = await show(overview(), {
      exportModule: jest
        .fn()
        .mockResolvedValue({ written: [], unchanged: [], problems: [PROBLEM] })
    });
    await act(async () => {
      await modules.export('01_tensor');
    });
    const alert = screen.getByRole('alert');
    expect(alert).toHaveTextContent('The bracket is never closed.');
    await userEvent.click(
      within(alert).getByRole('button', {
        name: '01_tensor.ipynb, cell 7, line 2'
      })
    );
    const [module, locate] = notebooks.reveal.mock.calls[0] as [
      string,
      () => number
    ];
    expect([module, locate()]).toEqual(['01_tensor', 6]);
    expect(await axe(container)).toHaveNoViolations();
    await userEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
