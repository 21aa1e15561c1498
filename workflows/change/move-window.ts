import type { WindowMoveEntry } from '../../domain/change/change-steps.ts';
import { record } from '../steps.ts';
import type { ChangeStory } from './change-state.ts';

/**
 * Records another window: the change is a new request, assessed and approved again. To be called in one's
 * turn.
 */
export async function moveWindow(
  story: ChangeStory,
  move: Omit<WindowMoveEntry, 'changeId' | 'key' | 'from' | 'alert'>,
): Promise<void> {
  await record.recordWindowMove({
    changeId: story.changeId,
    key: story.nextKey(),
    from: story.state,
    alert: 'everyone-involved',
    ...move,
  });
  story.state = 'requested';
  story.plan = null;
  story.deciders.clear();
}
