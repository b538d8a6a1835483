import jupyter from '@jupyter/eslint-plugin';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['labextension/lib/**', 'tinytorch_lab/**', '.venv/**'] },
  {
    files: ['labextension/{src,test}/**/*.{ts,tsx}'],
    extends: [
      ...tseslint.configs.strictTypeChecked,
      ...tseslint.configs.stylisticTypeChecked,
      jsxA11y.flatConfigs.strict,
      reactHooks.configs['recommended-latest']
    ],
    plugins: { jupyter },
    languageOptions: {
      parserOptions: {
        project: [
          'labextension/tsconfig.json',
          'labextension/tsconfig.test.json'
        ]
      }
    },
    rules: {
      ...jupyter.configs.recommended[0].rules,
      // The sidebar is restored with the page, so nothing of it can come later.
      'jupyter/prefer-lazy-imports': 'off',
      // Signals take the method and its object as two arguments.
      '@typescript-eslint/unbound-method': 'off',
      // Lumino's signals and options are interfaces and namespaces of one name.
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true }
      ]
    }
  },
  {
    // Generated.
    files: ['labextension/src/api/{types,courseTypes}.ts'],
    rules: { '@typescript-eslint/consistent-indexed-object-style': 'off' }
  },
  {
    // Made-up data and commands for tests, which nobody translates or describes.
    files: ['labextension/test/**/*.{ts,tsx}'],
    rules: {
      'jupyter/no-untranslated-string': 'off',
      'jupyter/command-described-by': 'off'
    }
  },
  {
    files: ['labextension/schema/*.json'],
    plugins: { jupyter },
    languageOptions: jupyter.configs.recommended[1].languageOptions,
    rules: jupyter.configs.recommended[1].rules
  }
);
