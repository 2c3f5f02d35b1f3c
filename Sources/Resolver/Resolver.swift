internal import CAres
