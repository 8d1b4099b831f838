import * as published from '../../schemas/guard-results.ts'
import { OwnerPackets as FullOwnerPackets } from '../../schemas/packets.ts'
import { OwnerResponse as FullOwnerResponse } from '../../schemas/response.ts'

/** The published schemas of the guards' results, under their names in the description of the API. */
export const DeclarationResult = published.DeclarationResult.meta({ id: 'DeclarationResult' })
export const DispatchResult = published.DispatchResult.meta({ id: 'DispatchResult' })
export const ContractResult = published.ContractResult.meta({ id: 'ContractResult' })
export const PreflightResult = published.PreflightResult.meta({ id: 'PreflightResult' })
export const TimelineResult = published.TimelineResult.meta({ id: 'TimelineResult' })
export const OwnerPackets = FullOwnerPackets.meta({ id: 'OwnerPackets' })
export const OwnerResponse = FullOwnerResponse.meta({ id: 'OwnerResponse' })
