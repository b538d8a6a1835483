import '@testing-library/jest-dom';
import { toHaveNoViolations } from 'jest-axe';

expect.extend(toHaveNoViolations);

// The test browser counts as hidden, where polling pauses.
Object.defineProperty(document, 'hidden', { value: false });
