import { ApiError } from '../src/api/client';
import type { CourseOverview } from '../src/api/types';
import { ModulesModel } from '../src/modules/model';
import { course, fakeApi } from './fixtures';

describe('ModulesModel', () => {
  let model: ModulesModel;

  function create(answers: Parameters<typeof fakeApi>[0]): ModulesModel {
    model = new ModulesModel(
      fakeApi({ course: jest.fn().mockResolvedValue(course()), ...answers })
    );
    return model;
  }

  afterEach(() => {
    model.dispose();
  });

  it('finds modules by name, by path and by what comes next', async () => {
    await create({}).refresh();
    expect(model.find('02_activations')?.number).toBe(2);
    expect(model.findByPath('modules/01_tensor/01_tensor.ipynb')?.name).toBe(
      '01_tensor'
    );
    expect(model.next?.name).toBe('02_activations');
  });

  it('keeps the course it has when the server stops answering', async () => {
    const lost = new ApiError('unreachable', 'gone');
    const answers = jest.fn().mockResolvedValue(course());
    await create({ course: answers }).refresh();
    answers.mockRejectedValue(lost);
    await model.refresh();
    expect(model.error).toBe(lost);
    expect(model.overview?.modules).toHaveLength(3);
    answers.mockResolvedValue(course());
    await model.refresh();
    expect(model.error).toBeNull();
  });

  it('does not show an older answer after a newer one', async () => {
    const answers: ((overview: CourseOverview) => void)[] = [];
    create({
      course: jest.fn(
        () => new Promise<CourseOverview>(resolve => answers.push(resolve))
      )
    });
    const first = model.refresh();
    const second = model.refresh();
    const [older, newer] = answers.slice(-2);
    newer?.(course({ title: 'newer' }));
    await second;
    older?.(course({ title: 'older' }));
    await first;
    expect(model.overview?.title).toBe('newer');
  });

  it('does not show why an older question failed once a newer one is answered', async () => {
    const questions: {
      answer: (overview: CourseOverview) => void;
      fail: (error: Error) => void;
    }[] = [];
    create({
      course: jest.fn(
        () =>
          new Promise<CourseOverview>((answer, fail) =>
            questions.push({ answer, fail })
          )
      )
    });
    const first = model.refresh();
    const second = model.refresh();
    const [older, newer] = questions.slice(-2);
    newer?.answer(course());
    await second;
    older?.fail(new ApiError('unreachable', 'gone'));
    await first;
    expect(model.error).toBeNull();
  });

  it('tells what is being done to a module, and looks again afterwards', async () => {
    const asked = jest.fn().mockResolvedValue(course());
    create({
      course: asked,
      start: jest.fn().mockResolvedValue({ module: '02_activations' })
    });
    await model.refresh();
    const before = asked.mock.calls.length;
    const starting = model.start('02_activations');
    expect(model.task('02_activations')).toBe('start');
    expect(model.task('01_tensor')).toBeNull();
    await starting;
    expect(model.task('02_activations')).toBeNull();
    expect(asked.mock.calls.length).toBe(before + 1);
  });

  it('has a notebook that was reset read again before it asks for the course', async () => {
    const steps: string[] = [];
    const step = (name: string, answer: unknown) =>
      jest.fn(() => {
        steps.push(name);
        return Promise.resolve(answer);
      });
    create({
      course: step('course', course()),
      reset: step('reset', { module: '01_tensor', backup: null })
    });
    await model.refresh();
    steps.length = 0;
    await model.reset('01_tensor', () => {
      steps.push('read again');
      return Promise.resolve();
    });
    expect(steps).toEqual(['reset', 'read again', 'course']);
  });

  it('passes a refusal on and forgets the task', async () => {
    const refused = new ApiError('refused', 'not yet available');
    create({ start: jest.fn().mockRejectedValue(refused) });
    await expect(model.start('03_layers')).rejects.toBe(refused);
    expect(model.task('03_layers')).toBeNull();
  });

  it('keeps the report of an export until it is dismissed', async () => {
    const report = {
      written: ['tinytorch/tensor.py'],
      unchanged: [],
      problems: []
    };
    create({ exportAll: jest.fn().mockResolvedValue(report) });
    const exporting = model.export(null);
    expect(model.task('01_tensor')).toBe('export');
    await exporting;
    expect(model.report).toBe(report);
    model.dismissReport();
    expect(model.report).toBeNull();
  });
});
