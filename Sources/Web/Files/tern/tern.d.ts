/** Types of the Tern client library; docs/web-client.md describes it. */

/** What to capture and what the gateway lets through. */
export interface TernMediaOptions {
  /** Default true. */
  audio?: boolean | MediaTrackConstraints;
  /** Default false. */
  video?: boolean | MediaTrackConstraints;
  /** The most that this client may send, kbps; 0, the default, is no limit. */
  bitrate?: number;
  /** Record it at the gateway; default false. */
  record?: boolean;
  /** Send this instead of microphone and camera; it stays the caller's to stop. */
  stream?: MediaStream;
  /** Where there is no microphone, go on and only listen; default false. */
  receiveOnly?: boolean;
  /** Gives up, also while the user is asked for the microphone. */
  signal?: AbortSignal;
}

/** How a call or session ended. */
export interface TernEnd {
  code?: number | string;
  /** The gateway's words. */
  reason?: string;
  /** The SIP status, when SIP ended or refused it. */
  sipStatus?: number;
  by: 'local' | 'remote' | 'gateway' | string;
  /** All that in words. */
  text: string;
}

/** What flows in one medium, summed over its streams. */
export interface TernMediumStats {
  /** Such as `opus`, `PCMA`, `VP8`; null before one is agreed. */
  codec: string | null;
  /** Hz, 0 while the codec is unknown. */
  clockRate: number;
  packetsSent: number;
  packetsReceived: number;
  packetsLost: number;
  bytesSent: number;
  bytesReceived: number;
  /** Of what is received, s. */
  jitter: number;
}

export interface TernStats {
  /** The audio codec, or the video codec where there is no audio. */
  codec: string | null;
  audio: TernMediumStats;
  video: TernMediumStats;
  /** To the gateway, s. */
  roundTripTime: number | null;
}

/** How a transfer goes (`status`), or with whom the call goes on. */
export interface TernTransfer {
  status?: number;
  reason?: string;
  session_id?: string;
  side?: 'caller' | 'callee';
  remote_id?: string;
  remote_name?: string;
}

/** An event of the gateway as it came. */
export interface TernEvent {
  class: string;
  subclass: string;
  type: string;
  obj_id: string;
  body: any;
}

export interface TernSessionEvents {
  state: string;
  /** The remote stream, each time a track is added to it. */
  stream: MediaStream;
  /** Media can flow. */
  connected: undefined;
  /** What did not stop it, such as a missing camera. */
  warning: TernMediaError;
  /** Exactly once. */
  ended: TernEnd;
  media: { kind: 'audio' | 'video'; flowing: boolean };
  webrtc: { state: 'up' | 'down' };
  slow_link: any;
  record: { state: 'started' | 'stopped' | 'ready' | 'failed'; file: string; path?: string; length?: number; reason?: string; retry?: boolean };
  updated: any;
  event: TernEvent;
}

export interface TernCallEvents extends TernSessionEvents {
  ringing: undefined;
  /** The other side sends media before it answers. */
  early: undefined;
  answer: undefined;
  /** The other side holds. */
  hold: undefined;
  resume: undefined;
  /** Whether it is held from here. */
  holding: boolean;
  dtmf: { digit: string; duration: number; by: string };
  transfer: TernTransfer;
  /** Its gateway is gone, and another one is to go on with the other side; or does. */
  recovering: undefined;
  recovered: undefined;
}

export interface TernClientEvents {
  state: 'offline' | 'connecting' | 'online' | 'reconnecting';
  /** Why an attempt to reconnect failed; further ones are made. */
  problem: Error | null;
  incoming: TernCall;
  /** A lost connection could not be logged in again. */
  refused: TernServerError;
  warning: TernMediaError;
  event: TernEvent;
  /** Whether the gateway takes no new calls. */
  draining: boolean;
}

/** An EventTarget whose events carry their value in `detail`; `on` and `once` hand it over, and return what stops listening. */
declare class Emitter<Events> extends EventTarget {
  on<Type extends keyof Events>(type: Type, listener: (value: Events[Type]) => void): () => void;
  once<Type extends keyof Events>(type: Type, listener: (value: Events[Type]) => void): () => void;
}

/** A user of the gateway in this browser: one connection, and the sessions and calls on it. */
export class TernClient extends Emitter<TernClientEvents> {
  constructor(options?: { url?: string | string[]; iceServers?: RTCIceServer[]; trickle?: boolean; timeout?: number });
  readonly user: string | null;
  readonly connectionId: string | null;
  /** False refuses invitations, so that other clients of the user ring alone. */
  acceptsCalls: boolean;
  readonly isDraining: boolean;
  peerOptions: { iceServers: RTCIceServer[]; trickle: boolean };
  get state(): 'offline' | 'connecting' | 'online' | 'reconnecting';
  get problem(): Error | null;
  get sessions(): TernSession[];
  login(user: string, password: string): Promise<void>;
  loginWithToken(token: string): Promise<void>;
  logout(): Promise<void>;
  /** ms until the gateway has answered. */
  ping(): Promise<number>;
  /** Any command of the API; docs/browser-api.md lists them. */
  request(className: string, command: string, data?: object, options?: { subclass?: string; timeout?: number }): Promise<any>;
  echo(options?: TernMediaOptions): Promise<TernSession>;
  call(dest: string, options?: TernMediaOptions & { type?: 'sip' | 'user' }): Promise<TernCall>;
}

/** Media between this browser and the gateway. */
export class TernSession<Events extends TernSessionEvents = TernSessionEvents> extends Emitter<Events> {
  protected constructor();
  readonly sessionId: string | null;
  readonly state: string;
  readonly localStream: MediaStream | null;
  readonly options: TernMediaOptions;
  readonly end: TernEnd | null;
  get id(): string | null;
  get remoteStream(): MediaStream | null;
  get peerConnection(): RTCPeerConnection | null;
  get ended(): boolean;
  /** Changes what the gateway lets through, records or limits; absent fields stay as they are. */
  update(change: { audio?: boolean; video?: boolean; bitrate?: number; record?: boolean }): Promise<void>;
  /** Shows a picture to the other side and wants its, or ends both. */
  changeVideo(video: boolean | MediaTrackConstraints | MediaStreamTrack): Promise<void>;
  mute(kind: 'audio' | 'video', muted: boolean): void;
  isMuted(kind: 'audio' | 'video'): boolean;
  stats(): Promise<TernStats | null>;
  /** What the gateway has measured of an echo; null for others. */
  lineTest(): Promise<object | null>;
  stop(reason?: string): Promise<void>;
}

/** A call with a SIP phone or another browser. */
export class TernCall extends TernSession<TernCallEvents> {
  protected constructor();
  readonly callId: string | null;
  readonly direction: 'outgoing' | 'incoming';
  readonly dest: string;
  remoteName: string;
  readonly remoteId: string;
  /** ms since 1970. */
  readonly answeredAt: number | null;
  /** Whether the other side holds it. */
  readonly held: boolean;
  /** Whether it is held from here. */
  readonly holding: boolean;
  /** Whether another gateway is being asked to go on with it. */
  get recovering(): boolean;
  get offersVideo(): boolean;
  ring(): Promise<void>;
  answer(options?: TernMediaOptions): Promise<void>;
  /** 603 is declined, 486 busy. */
  reject(code?: number, reason?: string): Promise<void>;
  hangup(reason?: string): Promise<void>;
  hold(): Promise<void>;
  resume(): Promise<void>;
  /** Digits of `0`-`9`, `A`-`D`, `*`, `#`, at most 64; `duration` in ms of each. */
  sendDTMF(digits: string, options?: { duration?: number }): Promise<void>;
  transfer(target: string | TernCall): Promise<void>;
}

/** Everything the library throws: a stable `code` for programs and a `text` for people. */
export class TernError extends Error {
  constructor(code: number | string, text: string);
  code: number | string;
  text: string;
}

/** The gateway answered a request with an error. */
export class TernServerError extends TernError {
  constructor(code: number, text: string, sipStatus?: number);
  get sipStatus(): number | undefined;
  /** Whether the same request may well succeed later. */
  get mayPass(): boolean;
}

export class TernTimeoutError extends TernError { constructor(text: string); }
export class TernConnectionError extends TernError { constructor(text: string); }
export class TernCancelledError extends TernError { constructor(); }

/** `code` is `insecure`, `denied`, `missing`, `busy`, `unsupported` or `failed`. */
export class TernMediaError extends TernError {
  constructor(code: string, text: string, device?: 'microphone' | 'camera');
  device?: 'microphone' | 'camera';
}

/** Says in words why a call or session ended. */
export function describeEnd(end: Partial<TernEnd>): string;

/** Whether WebRTC is there, and whether the browser would hand out a microphone here. */
export function mediaSupport(): { calls: boolean; capture: boolean; problem: TernMediaError | null };

/** Opens microphone and camera, as far as they are there. */
export function openMedia(wanted: Pick<TernMediaOptions, 'audio' | 'video'>): Promise<{ stream: MediaStream; problem: TernMediaError | null }>;
