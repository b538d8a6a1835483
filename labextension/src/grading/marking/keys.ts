import type { TranslationBundle } from '@jupyterlab/translation';

/** The keys of the levels, the best one first. */
export const LEVEL_KEYS = ['a', 's', 'd', 'f', 'g'] as const;

/** What a key does while marking. */
export type MarkingAction =
  | 'next'
  | 'previous'
  | 'skip'
  | 'flag'
  | 'undo'
  | 'comment'
  | 'search'
  | 'context'
  | 'help';

const ACTIONS: Readonly<Record<string, MarkingAction>> = {
  j: 'next',
  Enter: 'next',
  ArrowRight: 'next',
  k: 'previous',
  ArrowLeft: 'previous',
  x: 'skip',
  l: 'flag',
  u: 'undo',
  c: 'comment',
  '/': 'search',
  e: 'context',
  '?': 'help'
};

/** What a pressed key means: points, a level (by place, the best first), an action, or nothing of ours. */
export type Meaning =
  | { kind: 'points'; key: string }
  | { kind: 'level'; place: number }
  | { kind: 'action'; action: MarkingAction };

/** Read a key that was not typed into a field. */
export function meaningOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>
): Meaning | null {
  const { key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return null;
  }
  if (/^[0-9.]$/.test(key)) {
    return { kind: 'points', key };
  }
  const place = LEVEL_KEYS.findIndex(known => known === key);
  if (place >= 0) {
    return { kind: 'level', place };
  }
  const action = ACTIONS[key];
  return action ? { kind: 'action', action } : null;
}

/** Whether the element is something to type into, or to choose from. */
export function isField(target: EventTarget | null): boolean {
  return isWithin(target, 'input:not([type=checkbox]), textarea, select');
}

/** Whether the key belongs to the element: to a field, to a button, or to what arrow keys scroll. */
export function takesKeys(target: EventTarget, key: string): boolean {
  return (
    isField(target) ||
    (key === 'Enter' && isWithin(target, 'button, summary, a')) ||
    (key.startsWith('Arrow') &&
      isWithin(target, '.jp-TinyTorch-scroll, pre[tabindex]'))
  );
}

function isWithin(target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}

/** Keys with what they do, as the help tells them. */
export function keyHelp(trans: TranslationBundle): [string, string][] {
  return [
    [
      '0 … 9',
      trans.__('Points; two digits in a row are one number, 7 . 5 is 7.5')
    ],
    [LEVEL_KEYS.join(' '), trans.__('Levels, the best one first')],
    ['j ↵ →', trans.__('Save and go to the next answer')],
    ['k ←', trans.__('Save and go to the answer before')],
    ['x', trans.__('Skip: to the next answer that nobody has marked')],
    ['l', trans.__('Flag for another look, or take the flag off')],
    ['u', trans.__('Take back the mark that stands')],
    ['c', trans.__('Write a comment; Escape leaves it, Ctrl+Enter goes on')],
    ['/', trans.__('Search in the kept comments; Enter takes the first')],
    ['e', trans.__('Show or hide code, tests and other answers')],
    ['?', trans.__('Show or hide this help')]
  ];
}
