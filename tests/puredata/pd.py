"""A real Pd without a window, played by its messages, and what it prints; and a module that only listens."""

import re
import socket
import threading

from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from ddsp_pi.control.messages import message
from puredata.generate import FOLDER
from tests.programs import Lines, Program, free_port

HANDS = """#N canvas 0 0 600 400 12;
#X obj 20 20 netreceive -u {port};
#X obj 20 50 list split 1;
#X obj 150 80 list append;
#X obj 20 80 t b s;
#X obj 150 110 list trim;
#X obj 20 140 send;
#X connect 0 0 1 0;
#X connect 1 0 3 0;
#X connect 1 1 2 1;
#X connect 2 0 4 0;
#X connect 3 0 2 0;
#X connect 3 1 5 1;
#X connect 4 0 5 0;
"""
"""A patch beside the one that is tested: sends what comes by UDP to the name at its beginning."""


class Module:
    """Stands for the daemon: keeps what comes, and tells whoever subscribed."""

    def __init__(self, port=0):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.heard = Lines()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                packet, _ = self._socket.recvfrom(65_536)
            except OSError:
                return
            self._take(OscBundle(packet) if OscBundle.dgram_is_bundle(packet) else OscMessage(packet))

    def _take(self, packet):
        if isinstance(packet, OscBundle):
            for inner in packet:
                self._take(inner)
            return
        self.heard.put((packet.address, *packet.params))

    def hears(self, address, *values):
        """The next message to an address, with these values if any are given; the ones before are gone."""
        wanted = (address, *values)

        def fits(heard):
            return heard == wanted if values else heard[0] == address

        return self.heard.wait(fits, wanted)[1:]

    def tell(self, port, address, types, *values):
        self._socket.sendto(message(address, types, *values), ("127.0.0.1", port))

    def close(self):
        self._socket.close()


class Pd(Program):
    """Pd with a patch open, connected to a module on a port, and listening on another."""

    def __init__(self, tmp_path, patch, port, watch=(), sound=("-noaudio",)):
        """`watch`: names whose messages are printed, each on a line: the name and what came."""
        self.port, self._hands = free_port(), free_port()
        beside = tmp_path / "beside.pd"
        beside.write_text(HANDS.format(port=self._hands) + "".join(map(_watching, range(len(watch)), watch)))
        command = ["pd", "-nogui", *sound, "-nomidi", "-stderr", "-path", str(FOLDER)]
        command += ["-open", str(beside), "-open", str(patch)]
        command += ["-send", f"ddsp-connect 127.0.0.1 {port} {self.port}"]
        super().__init__(*command)

    def send(self, name, *values):
        """A message to a name, inside Pd."""
        words = " ".join(map(str, (name, *values)))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(f"{words};\n".encode(), ("127.0.0.1", self._hands))

    def says(self, name, pattern=".*"):
        """What came to a name that is watched, once it fits; what was said before is gone."""
        line = self.said.wait(lambda said: re.fullmatch(f"{name}: {pattern}", said), f"{name}: {pattern}")
        return line.partition(": ")[2]


def _watching(at, name):
    boxes = f"#X obj {20 + 200 * at} 200 r {name};\n#X obj {20 + 200 * at} 230 print {name};\n"
    return f"{boxes}#X connect {6 + 2 * at} 0 {7 + 2 * at} 0;\n"
