import React, { type ReactNode } from 'react';

/** Holds a table that may be wider or longer than the page: it scrolls by itself, by keyboard too. */
export function Scroll(props: {
  label: string;
  isTall?: boolean;
  children: ReactNode;
}): React.JSX.Element {
  const { children, isTall, label } = props;
  return (
    <div
      className={`jp-TinyTorch-scroll ${isTall ? 'jp-mod-tall' : ''}`}
      role="group"
      aria-label={label}
      // What scrolls must be reached by keyboard.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
    >
      {children}
    </div>
  );
}
