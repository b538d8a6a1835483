import React from 'react';

const MINUTE = 60_000;

/** The present time in milliseconds, kept to the minute while the component is shown. */
export function useNow(): number {
  const [now, setNow] = React.useState(Date.now);
  React.useEffect(() => {
    const timer = window.setInterval(() => {
      setNow(Date.now());
    }, MINUTE);
    return () => {
      window.clearInterval(timer);
    };
  }, []);
  return now;
}
