import React from 'react';

/** A key as it is printed on the keyboard, which no language translates. */
export function Key({ name }: { name: string }): React.JSX.Element {
  return <kbd>{name}</kbd>;
}
