import {
  act,
  fireEvent,
  render,
  screen,
  waitFor
} from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import { Drafts } from '../src/grading/marking/drafts';
import { MarkingDesk } from '../src/grading/marking/MarkingDesk';
import { MarkingSession } from '../src/grading/marking/session';
import type { GradingModel } from '../src/grading/model';
import { trans } from './fixtures';
import {
  answerDialog,
  mark,
  MemoryStorage,
  PLACE,
  queued,
  view
} from './gradingFixtures';

const CONTEXT = {
  tests: [],
  code: [{ id: 'cell', source: 'x = 1' }],
  answers: []
};

function setUp(answers = [queued('a'), queued('b'), queued('c')]) {
  const api = {
    queue: jest.fn().mockResolvedValue(answers),
    answer: jest.fn(({ key }: { key: string }) =>
      Promise.resolve(view({ key, html: `<p>Answer ${key}</p>` }))
    ),
    mark: jest.fn().mockResolvedValue({ mark: mark(1), other: null }),
    undo: jest.fn(),
    setFlag: jest.fn(),
    clearFlag: jest.fn(),
    comments: jest
      .fn()
      .mockResolvedValue([
        { id: 1, text: 'Well argued.', author: 'gus', uses: 1 }
      ]),
    deleteComment: jest.fn().mockResolvedValue(undefined),
    context: jest.fn().mockResolvedValue(CONTEXT),
    identity: jest.fn().mockResolvedValue({ student: 'ada' }),
    pace: jest.fn().mockResolvedValue({ graders: [], pace: [] }),
    setShares: jest.fn().mockResolvedValue({ graders: ['me'], pace: [] }),
    agreement: jest.fn().mockResolvedValue({ agreements: [], divisive: [] })
  };
  const model = {
    api,
    me: 'me',
    isInstructor: true,
    showsNames: false,
    rendermime: { sanitizer: { sanitize: (html: string) => html } }
  } as unknown as GradingModel;
  const session = new MarkingSession(
    PLACE,
    'me',
    api,
    new Drafts(new MemoryStorage(), 'c', 'me')
  );
  const show = (): void => {
    render(<MarkingDesk model={model} session={session} trans={trans} />);
  };
  return { api, session, show };
}

async function start(answers?: Parameters<typeof setUp>[0]) {
  const found = setUp(answers);
  found.show();
  await act(() => found.session.load());
  return found;
}

function desk(): HTMLElement {
  return screen.getByRole('group', { name: /^Marking/ });
}

describe('the focus while marking', () => {
  it.each([
    ['button', /^Code, tests/],
    ['checkbox', 'Show names']
  ])('is back on the desk when the %s %p goes', async (role, name) => {
    await start();
    await userEvent.click(screen.getByRole(role, { name }));
    await userEvent.keyboard('j');
    expect(await screen.findByText('Answer b')).toBeInTheDocument();
    await waitFor(() => {
      expect(desk()).toHaveFocus();
    });
    await userEvent.keyboard('j');
    expect(await screen.findByText('Answer c')).toBeInTheDocument();
  });

  it('is back on the desk when a block of code goes', async () => {
    await start();
    const openCode = async (): Promise<void> => {
      await userEvent.keyboard('e');
      const code = await screen.findByText('x = 1');
      act(() => {
        code.focus();
      });
    };
    await openCode();
    await userEvent.keyboard('e');
    expect(desk()).toHaveFocus();
    await openCode();
    await userEvent.keyboard('{ArrowRight}');
    expect(screen.getByText('Answer a')).toBeInTheDocument();
    await userEvent.keyboard('j');
    expect(await screen.findByText('Answer b')).toBeInTheDocument();
    expect(desk()).toHaveFocus();
  });

  it('is back on the desk when the answers were divided', async () => {
    await start();
    fireEvent.click(screen.getByText('Graders, pace and shares'));
    await userEvent.type(await screen.findByLabelText('Divide among'), 'me');
    await userEvent.click(screen.getByRole('button', { name: 'Divide' }));
    expect(await screen.findByText('Divided among me.')).toBeInTheDocument();
    expect(desk()).toHaveFocus();
  });

  it('stays where it is when what has it stays', async () => {
    await start();
    const next = screen.getByRole('button', { name: /^Next/ });
    await userEvent.click(next);
    expect(await screen.findByText('Answer b')).toBeInTheDocument();
    expect(next).toHaveFocus();
  });

  it('is back on the desk when one of two marks was decided for', async () => {
    const { api, session } = await start();
    api.mark.mockResolvedValueOnce({
      mark: mark(2, { standing: false }),
      other: mark(1, { author: 'gus' })
    });
    await userEvent.keyboard('7');
    await act(() => session.answer?.save());
    await answerDialog('Decide later');
    const decide = screen.getByRole('button', { name: 'Decide…' });
    await userEvent.click(decide);
    await answerDialog('Let gus’s stand');
    await waitFor(() => {
      expect(decide).not.toBeInTheDocument();
    });
    expect(desk()).toHaveFocus();
  });

  it('is taken by a new desk, but not from a field in use', async () => {
    const { session, show } = setUp();
    show();
    const select = document.body.appendChild(document.createElement('select'));
    select.focus();
    await act(() => session.load());
    expect(screen.getByText('Answer a')).toBeInTheDocument();
    expect(select).toHaveFocus();
    select.remove();
  });
});

describe('a kept comment', () => {
  it('is forgotten for all graders once that is confirmed', async () => {
    const { api } = await start();
    const forget = await screen.findByRole('button', { name: /^Forget/ });
    await userEvent.click(forget);
    expect(await answerDialog('Escape')).toContain('Well argued.');
    expect(forget).toHaveFocus();
    expect(api.deleteComment).not.toHaveBeenCalled();
    await userEvent.click(forget);
    await answerDialog('Forget');
    await waitFor(() => {
      expect(forget).not.toBeInTheDocument();
    });
    expect(api.deleteComment).toHaveBeenCalledWith(1);
    expect(desk()).toHaveFocus();
  });
});

describe('the end of the answers', () => {
  function status(): HTMLElement | undefined {
    return screen
      .getAllByRole('status')
      .find(found => found.matches('.jp-TinyTorch-position'));
  }

  it.each([
    [1, 'Last answer; 1 before it is not marked'],
    [2, 'Last answer; 2 before it are not marked']
  ])('tells of %p answers that are left', async (left, said) => {
    const { session } = await start([
      ...[queued('a'), queued('b')].slice(0, left),
      queued('c', { state: 'marked' })
    ]);
    await userEvent.keyboard('jj');
    await waitFor(() => {
      expect(session.answer?.place.key).toBe('c');
    });
    await userEvent.keyboard('j');
    expect(status()).toHaveTextContent(said);
    await userEvent.keyboard('k');
    await waitFor(() => {
      expect(status()).toHaveTextContent(`Answer ${left} of ${left + 1}`);
    });
  });

  it('is told in both directions, and of what is skipped to', async () => {
    await start([queued('a', { state: 'marked' })]);
    expect(status()).toHaveTextContent('Answer 1 of 1');
    await userEvent.keyboard('j');
    expect(status()).toHaveTextContent(/^Last answer$/);
    await userEvent.keyboard('k');
    expect(status()).toHaveTextContent('First answer');
    await userEvent.keyboard('x');
    expect(status()).toHaveTextContent('No other answer waits for a mark');
  });

  it('names what is gone through', async () => {
    const { session } = await start();
    act(() => {
      session.setFilter('flagged');
    });
    await userEvent.keyboard('j');
    expect(status()).toHaveTextContent('No flagged answers after this one');
    await userEvent.keyboard('k');
    expect(status()).toHaveTextContent('No flagged answers before this one');
  });
});
