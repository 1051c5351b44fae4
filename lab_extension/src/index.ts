import { completion } from './completion';

export default [completion];
