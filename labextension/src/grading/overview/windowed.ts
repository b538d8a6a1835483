import {
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState
} from 'react';

const MARGIN = 10;

/** Which of `count` rows of equal height are in sight in a scrolling element, with some to spare. */
export function useWindowed(
  count: number,
  rowHeight: number
): {
  ref: RefObject<HTMLDivElement>;
  first: number;
  last: number;
  onScroll: () => void;
} {
  const ref = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ top: 0, height: 600 });
  const onScroll = useCallback(() => {
    const { scrollTop = 0, clientHeight = 0 } = ref.current ?? {};
    // Hidden it has no height, and comes back scrolled to where it was.
    if (clientHeight > 0) {
      setPlace({ top: scrollTop, height: clientHeight });
    }
  }, []);
  useEffect(onScroll, [onScroll, count]);
  const first = Math.max(0, Math.floor(place.top / rowHeight) - MARGIN);
  const shown = Math.ceil(place.height / rowHeight) + 2 * MARGIN;
  return { ref, first, last: Math.min(count, first + shown), onScroll };
}
