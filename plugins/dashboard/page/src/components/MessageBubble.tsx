import { useComputed } from "@preact/signals";
import { mentionsIn } from "../complete";
import type { Desk } from "../desk";
import { authorName, clock, fileSize, linkify, longTime, unnamedSources } from "../format";
import { texts } from "../messages";
import type { Unsent } from "../state";
import type { Message } from "../types";
import { Attachments } from "./Attachments";
import { DeliveryChoices, DeliveryState } from "./Delivery";
import { MessageActions } from "./MessageActions";
import { AskForTranslation, Translation } from "./Translation";
import { Why } from "./Why";

interface Props {
  desk: Desk;
  message: Message;
  guest: string;
  isFirst: boolean;
  /** Among the last that were said. */
  isRecent: boolean;
}

/** One message. What guests wrote is text and nothing else; only http and https addresses become links. */
export function MessageBubble({ desk, message, guest, isFirst, isRecent }: Props) {
  const { user, keepsDesk } = desk.store.peek().me;
  const sources = unnamedSources(message);
  const retry = (position: number): void => void desk.work.retryMedia(message.conversation_id, message.id, position);
  return (
    <li class={`message message-${kind(message)} ${isFirst ? "message-first" : ""}`}>
      <Author message={message} user={user} guest={guest} isFirst={isFirst} />
      <div class="bubble-row">
        <div class="bubble">
          <Attachments attachments={message.attachments} retry={retry} />
          {message.text && <Text text={message.text} mentions={message.mentions ?? []} />}
          <Translation desk={desk} message={message} />
        </div>
        {keepsDesk && <MessageActions desk={desk} message={message} />}
      </div>
      {sources.length > 0 && <p class="sources">{texts.sources(sources)}</p>}
      <div class="message-foot">
        <p class={`meta meta-${message.status ?? "none"}`}>
          <time dateTime={message.created_at} title={longTime(message.created_at)}>
            {clock(message.created_at)}
          </time>
          <DeliveryState message={message} />
        </p>
        <AskForTranslation desk={desk} message={message} isRecent={isRecent} />
        {keepsDesk && message.turn_id && message.direction === "out" && (
          <Why desk={desk} id={message.conversation_id} turnId={message.turn_id} />
        )}
      </div>
      <DeliveryChoices desk={desk} message={message} />
    </li>
  );
}

/** A reply or note on its way to the server, or refused by it: the text is never lost. */
export function UnsentBubble({ desk, unsent }: { desk: Desk; unsent: Unsent }) {
  const connection = useComputed(() => desk.store.state.connection).value;
  const isNote = unsent.mode === "note";
  const waiting = connection === "live" ? texts.delivery.sending : texts.waitingForServer;
  const failed = isNote ? texts.notSavedNote : texts.notSaved;
  return (
    <li class={`message message-first message-unsent ${isNote ? "message-note" : "message-mine"}`}>
      <p class="author">{isNote ? `${texts.note} · ${texts.you}` : texts.you}</p>
      <div class="bubble">
        {unsent.files.map((file, at) => (
          <p key={at} class="attachment" dir="auto">
            {file.name} <small>{fileSize(file.size)}</small>
          </p>
        ))}
        {unsent.text && <Text text={unsent.text} />}
      </div>
      <p class={unsent.problem ? "meta meta-failed" : "meta meta-pending"}>
        <time dateTime={unsent.writtenAt}>{clock(unsent.writtenAt)}</time>
        <span class="delivery">{unsent.problem ? texts.because(failed, unsent.problem) : waiting}</span>
      </p>
      {unsent.problem && (
        <p class="message-choices">
          <button type="button" class="small" onClick={() => desk.writing.sendAgain(unsent.clientId)}>
            {texts.again}
          </button>
          <button type="button" class="small" onClick={() => desk.writing.edit(unsent.clientId)}>
            {texts.edit}
          </button>
          <button type="button" class="small" onClick={() => desk.writing.discard(unsent.clientId)}>
            {texts.discard}
          </button>
        </p>
      )}
    </li>
  );
}

/** Notes by colleagues stand out; those that the house leaves by itself, like a hand-over's, are quiet. */
function kind(message: Message): string {
  if (message.direction === "note") return message.author.kind === "staff" ? "note" : "aside";
  if (message.direction === "in") return "guest";
  return message.author.kind === "staff" ? "mine" : "bot";
}

/** Shown at the first of several messages of one author; read out at each. */
function Author(props: { message: Message; user: string; guest: string; isFirst: boolean }) {
  const { message, isFirst } = props;
  const name = message.direction === "in" ? props.guest : authorName(message, props.user);
  const words = message.direction === "note" ? `${texts.note} · ${name}` : name;
  return (
    <p class={isFirst ? "author" : "author hidden"} dir="auto">
      {words}
    </p>
  );
}

function Text({ text, mentions = [] }: { text: string; mentions?: string[] }) {
  return (
    <p class="text" dir="auto">
      {linkify(text).map((piece, at) =>
        piece.href ? (
          <a key={at} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
            {piece.text}
          </a>
        ) : (
          <Words key={at} text={piece.text} mentions={mentions} />
        ),
      )}
    </p>
  );
}

function Words({ text, mentions }: { text: string; mentions: string[] }) {
  if (mentions.length === 0) return <>{text}</>;
  return (
    <>
      {mentionsIn(text, mentions).map((piece, at) => (piece.isName ? <strong key={at}>{piece.text}</strong> : piece.text))}
    </>
  );
}
