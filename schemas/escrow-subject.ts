/**
 * Subject of `escrow.marked.v1`. Markers belong to no round: one is written between rounds and counts for all later
 * ones. Nothing is ever opened under this id, so it is not a round, and `round run` refuses it as one.
 */
export const ESCROW_SUBJECT = 'escrow-markers'
