import React from 'react';

import { change, placeAfter } from './response';

/**
 * Keep the cursor of `editor` where it is in the text when others change the text around it.
 *
 * A browser would put it at the end. The answer is to be called with a place that the cursor is to have next.
 */
export function useSteadyCursor(
  editor: React.RefObject<HTMLTextAreaElement>
): (place: number) => void {
  const next = React.useRef<number | null>(null);
  const node = editor.current;
  // As it is before this rendering reaches the page.
  const before = node && {
    value: node.value,
    start: node.selectionStart,
    end: node.selectionEnd
  };
  React.useLayoutEffect(() => {
    const after = editor.current;
    if (!after || !before || after.value === before.value) {
      return;
    }
    const made = change(before.value, after.value);
    const start = next.current ?? placeAfter(before.start, made);
    const end = next.current ?? placeAfter(before.end, made);
    next.current = null;
    after.setSelectionRange(start, end);
  });
  return place => {
    next.current = place;
  };
}
