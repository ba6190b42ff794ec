/**
 * The osquery whose rules our tables follow where there is none: the one that push-down, types and texts of the SDK
 * were held against, statement by statement. Packs that demand a version compare with it.
 */
export const followedVersion = '5.23.0'
